package semconv

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// exported runs calls through real OTLP exporters and returns what a collector
// would have received, one JSON line a request.
func exported(t *testing.T, calls ...*genai.Inference) []byte {
	t.Helper()
	for _, v := range os.Environ() { // the exporters read them, and a laptop may have some
		if k, _, _ := strings.Cut(v, "="); strings.HasPrefix(k, "OTEL_") {
			t.Setenv(k, "")
		}
	}
	var mu sync.Mutex
	var lines bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		m := map[string]proto.Message{
			"/v1/traces": &coltrace.ExportTraceServiceRequest{}, "/v1/metrics": &colmetrics.ExportMetricsServiceRequest{},
			"/v1/logs": &collogs.ExportLogsServiceRequest{},
		}[req.URL.Path]
		line, err := otlpJSON(req, m)
		if err != nil {
			t.Errorf("%s: %v", req.URL.Path, err)
			return
		}
		lines.Write(append(line, '\n'))
	}))
	defer collector.Close()
	ctx := context.Background()
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(collector.URL+"/v1/traces"))
	if err != nil {
		t.Fatal(err)
	}
	points, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(collector.URL+"/v1/metrics"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(collector.URL+"/v1/logs"))
	if err != nil {
		t.Fatal(err)
	}
	tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	mp := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(points)))
	lp := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(records)))
	o, err := New(Config{TracerProvider: tp, MeterProvider: mp, LoggerProvider: lp, Content: SpanAndEvent})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range calls {
		o.Start(ctx, in).End(in)
	}
	for _, shutdown := range []func(context.Context) error{tp.Shutdown, mp.Shutdown, lp.Shutdown} {
		if err := shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
	return lines.Bytes()
}

var idFields = regexp.MustCompile(`"(traceId|spanId|parentSpanId)":\s*"([A-Za-z0-9+/=]*)"`)

// otlpJSON is the body of req as OTLP JSON, which unlike protobuf's JSON has
// ids in hex.
func otlpJSON(req *http.Request, m proto.Message) ([]byte, error) {
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return nil, err
	}
	if b, err = (protojson.MarshalOptions{UseEnumNumbers: true}).Marshal(m); err != nil {
		return nil, err
	}
	return idFields.ReplaceAllFunc(b, func(field []byte) []byte {
		part := idFields.FindSubmatch(field)
		id, _ := base64.StdEncoding.DecodeString(string(part[2]))
		return []byte(`"` + string(part[1]) + `":"` + hex.EncodeToString(id) + `"`)
	}), nil
}

// rich is a call with every kind of part.
func rich() *genai.Inference {
	in := chat()
	in.Response.FinishReasons = []string{"stop", "tool_calls"}
	in.Input = append(in.Input,
		genai.Message{Role: "user", Parts: []genai.Part{
			{Type: genai.BlobPart, Modality: "image", MIME: "image/png", Size: 4096},
			{Type: genai.BlobPart, MIME: "audio/wav", Text: "AAAA"},
			{Type: genai.URIPart, Modality: "image", URI: "https://example.com/a.png"},
			{Type: genai.FilePart, FileID: "file-1", MIME: "application/pdf"},
			{Type: "hologram", Raw: []byte(`{"x":1}`)},
		}},
		genai.Message{Role: "tool", Parts: []genai.Part{{Type: genai.ToolCallResponsePart, ID: "call_1", Result: []byte(`{"sky":"blue"}`)}}},
	)
	in.Output[0].Parts = append(in.Output[0].Parts,
		genai.Part{Type: genai.ReasoningPart, Text: "hm"},
		genai.Part{Type: genai.RefusalPart, Text: "no"},
		genai.Part{Type: genai.ServerToolCallPart, ID: "ws_1", Name: "web_search", Args: []byte(`{"query":"q"}`)},
		genai.Part{Type: genai.ServerToolResponsePart, ID: "ws_1", Name: "web_search", Result: []byte(`["r"]`)},
	)
	in.Tools = append(in.Tools, genai.Tool{Type: "web_search"})
	return in
}

// allowed are the warnings that our own decisions cause.
var allowed = []struct{ rule, keys, why string }{
	{"attribute-other-release", `^gen_ai\.request\.(reasoning\.level|previous_response\.id)$`, "the official packages send them already"},
	{"attribute-other-release", `^gen_ai\.usage\.(text|audio|image)\.`, "likewise"},
	{"attribute-not-on-signal", `^gen_ai\.request\.top_k$`, "servers that speak OpenAI's protocol take it"},
	{"attribute-not-on-signal", `^openai\.`, "Azure OpenAI speaks it too and has no refinement of its own"},
	{"enum-value", `^openai\.request\.service_tier$`, "the real API has more tiers than the model lists"},
}

func isAllowed(rule, key string) bool {
	for _, a := range allowed {
		if a.rule == rule && regexp.MustCompile(a.keys).MatchString(key) {
			return true
		}
	}
	return false
}

func TestCheckerFindsNothingUnexpected(t *testing.T) {
	checker := filepath.Join(sharedtest.Dir(t), "semconv", "check.py")
	if err := exec.Command("python3", "-c", "import jsonschema").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("python3 with jsonschema: %v", err)
		}
		t.Skipf("needs python3 with jsonschema: %v", err)
	}
	responses := rich()
	responses.API, responses.Provider = "responses", "azure.ai.openai"
	file := filepath.Join(t.TempDir(), "otlp.jsonl")
	if err := os.WriteFile(file, exported(t, rich(), responses, embeddings(), failed()), 0o600); err != nil {
		t.Fatal(err)
	}
	// 4 spans; 4 metrics; 3 calls with details and 1 that failed.
	out, err := exec.Command("python3", "-W", "ignore", checker, "--json", "--require-cross",
		"--expect", "spans=4", "--expect", "metrics=4", "--expect", "events=4", file).CombinedOutput()
	var report struct {
		Findings []struct{ Level, Rule, Where, Key, Message string } `json:"findings"`
	}
	if jsonErr := json.Unmarshal(out, &report); jsonErr != nil {
		t.Fatalf("%v: %s", jsonErr, out)
	}
	if err != nil {
		t.Errorf("check.py: %v", err)
	}
	for _, f := range report.Findings {
		if f.Level == "error" || f.Level == "warn" && !isAllowed(f.Rule, f.Key) {
			t.Errorf("%s %s at %s: %s: %s", f.Level, f.Rule, f.Where, f.Key, f.Message)
		}
	}
}

func TestBrokenTextPassesThroughProtobuf(t *testing.T) {
	in := chat()
	in.Request.Model, in.Input[0].Parts[0].Text, in.Tools[0].Parameters = "a\xffb", "\xff", []byte("{\"\xff\":1}")
	in.Error = &genai.Error{Type: "\xff", Message: "\xff"}
	lines := exported(t, in)
	for _, signal := range []string{`"resourceSpans"`, `"resourceMetrics"`, `"resourceLogs"`} {
		if !bytes.Contains(lines, []byte(signal)) {
			t.Errorf("got no %s: an exporter refused it", signal)
		}
	}
}
