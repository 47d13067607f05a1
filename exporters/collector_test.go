package exporters

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector keeps what it is sent, over HTTP and gRPC.
type collector struct {
	url string

	mu      sync.Mutex
	paths   []string
	headers []http.Header // gRPC's metadata too
	bodies  []string
	spans   []*coltrace.ExportTraceServiceRequest
	metrics []*colmetrics.ExportMetricsServiceRequest
	logs    []*collogs.ExportLogsServiceRequest

	coltrace.UnimplementedTraceServiceServer
	answerTrace func() (*coltrace.ExportTraceServiceResponse, error)
}

func (c *collector) keep(path string, h http.Header, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paths = append(c.paths, path)
	c.headers = append(c.headers, h)
	c.bodies = append(c.bodies, string(body))
	if h.Get("Content-Type") != typeProto {
		return
	}
	switch {
	case strings.HasSuffix(path, "traces"):
		m := new(coltrace.ExportTraceServiceRequest)
		if proto.Unmarshal(body, m) == nil {
			c.spans = append(c.spans, m)
		}
	case strings.HasSuffix(path, "metrics"):
		m := new(colmetrics.ExportMetricsServiceRequest)
		if proto.Unmarshal(body, m) == nil {
			c.metrics = append(c.metrics, m)
		}
	case strings.HasSuffix(path, "logs"):
		m := new(collogs.ExportLogsServiceRequest)
		if proto.Unmarshal(body, m) == nil {
			c.logs = append(c.logs, m)
		}
	}
}

// ServeHTTP takes everything.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.keep(r.URL.RequestURI(), r.Header, b)
	w.Header().Set("Content-Type", typeProto)
}

func httpCollector(t *testing.T) *collector {
	c := &collector{}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *collector) got(md metadata.MD, method string) {
	h := http.Header{}
	for k, v := range md {
		h[http.CanonicalHeaderKey(k)] = v
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paths = append(c.paths, method)
	c.headers = append(c.headers, h)
}

func (c *collector) Export(ctx context.Context, r *coltrace.ExportTraceServiceRequest) (*coltrace.ExportTraceServiceResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	c.got(md, "trace")
	c.mu.Lock()
	c.spans = append(c.spans, r)
	answer := c.answerTrace
	c.mu.Unlock()
	if answer != nil {
		return answer()
	}
	return new(coltrace.ExportTraceServiceResponse), nil
}

type metricsService struct {
	colmetrics.UnimplementedMetricsServiceServer
	c *collector
}

func (s metricsService) Export(ctx context.Context, r *colmetrics.ExportMetricsServiceRequest) (*colmetrics.ExportMetricsServiceResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	s.c.got(md, "metrics")
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.metrics = append(s.c.metrics, r)
	return new(colmetrics.ExportMetricsServiceResponse), nil
}

type logsService struct {
	collogs.UnimplementedLogsServiceServer
	c *collector
}

func (s logsService) Export(ctx context.Context, r *collogs.ExportLogsServiceRequest) (*collogs.ExportLogsServiceResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	s.c.got(md, "logs")
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.logs = append(s.c.logs, r)
	return new(collogs.ExportLogsServiceResponse), nil
}

func grpcCollector(t *testing.T, opts ...grpc.ServerOption) *collector {
	c := &collector{}
	s := grpc.NewServer(opts...)
	coltrace.RegisterTraceServiceServer(s, c)
	colmetrics.RegisterMetricsServiceServer(s, metricsService{c: c})
	collogs.RegisterLogsServiceServer(s, logsService{c: c})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }() // ends with Stop
	t.Cleanup(func() { s.Stop(); <-done })
	c.url = "http://" + l.Addr().String()
	return c
}

// deadURL is an endpoint where nobody listens.
func deadURL(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// voice keeps what Warn was told.
type voice struct {
	mu    sync.Mutex
	said  []string
	hints []string
}

func (v *voice) warn(problem, hint string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.said = append(v.said, problem)
	v.hints = append(v.hints, hint)
}

func (v *voice) all() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return strings.Join(append(append([]string{}, v.said...), v.hints...), "\n")
}

func env(kv ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return func(k string) string { return m[k] }
}

func start(t *testing.T, c Config) (*Providers, *voice) {
	t.Helper()
	v := &voice{}
	c.Warn = v.warn
	p, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = p.Shutdown(ctx)
	})
	return p, v
}

// record makes n spans, one measurement and n log records in a span.
func record(p *Providers, n int) {
	ctx := context.Background()
	tracer := p.Tracer.Tracer("test")
	logger := p.Logger.Logger("test")
	hist, _ := p.Meter.Meter("test").Float64Histogram("took")
	for range n {
		_, span := tracer.Start(ctx, "parent")
		sctx := trace.ContextWithSpan(ctx, span)
		span.SetAttributes(attribute.String("k", "v"))
		var r log.Record
		r.SetEventName("happened")
		r.SetBody(attribute.StringValue("text"))
		logger.Emit(sctx, r)
		hist.Record(sctx, 0.5)
		span.End()
	}
}

// within is more than anything here takes, and less than it would take to hang.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (c *collector) count() (spans, metrics, logs int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.spans {
		for _, rs := range r.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				spans += len(ss.GetSpans())
			}
		}
	}
	for _, r := range c.metrics {
		for _, rm := range r.GetResourceMetrics() {
			for _, sm := range rm.GetScopeMetrics() {
				metrics += len(sm.GetMetrics())
			}
		}
	}
	for _, r := range c.logs {
		for _, rl := range r.GetResourceLogs() {
			for _, sl := range rl.GetScopeLogs() {
				logs += len(sl.GetLogRecords())
			}
		}
	}
	return spans, metrics, logs
}

func jsonLine(t *testing.T, line string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatalf("not JSON: %v: %s", err, line)
	}
	return m
}

// quiet is a log for servers whose errors a test makes.
func quiet() *stdlog.Logger { return stdlog.New(io.Discard, "", 0) }
