package instrument_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/proxy"
	"github.com/otel-genai/otel-genai/instrument/semconv"
	"github.com/otel-genai/otel-genai/internal/fakellm"
)

// The three ways in share one engine, and so must say the same of the same calls.
func TestEveryDoorTellsTheSame(t *testing.T) {
	up := httptest.NewServer(fakellm.New())
	defer up.Close()
	upURL, _ := url.Parse(up.URL)

	type telemetry struct {
		Spans   []string
		Metrics []string
	}
	calls := func(t *testing.T, base string, opts ...option.RequestOption) {
		t.Helper()
		c := openai.NewClient(append([]option.RequestOption{
			option.WithBaseURL(base + "/v1"), option.WithAPIKey("sk-canary"), option.WithMaxRetries(0),
		}, opts...)...)
		ctx := context.Background()
		chat := openai.ChatCompletionNewParams{Model: "gpt-4o", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Say hello")}}
		if _, err := c.Chat.Completions.New(ctx, chat); err != nil {
			t.Fatal(err)
		}
		stream := c.Chat.Completions.NewStreaming(ctx, chat)
		for stream.Next() {
		}
		if err := stream.Err(); err != nil {
			t.Fatal(err)
		}
		stream.Close()
		if _, err := c.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: "text-embedding-3-small", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("hi")}}); err != nil {
			t.Fatal(err)
		}
		chat.Model = "error-429"
		if _, err := c.Chat.Completions.New(ctx, chat); err == nil {
			t.Fatal("no error")
		}
	}
	// door runs f with options that lead to fresh SDK providers and returns what they got.
	door := func(t *testing.T, f func(...instrument.Option)) telemetry {
		spans := tracetest.NewInMemoryExporter()
		tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
		reader := sdkmetric.NewManualReader()
		mp := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
		f(instrument.WithTracerProvider(tp), instrument.WithMeterProvider(mp), instrument.WithContent(semconv.SpanOnly))
		var got telemetry
		for _, s := range spans.GetSpans() {
			line := s.Name + " " + s.SpanKind.String() + " " + s.Status.Code.String()
			for _, a := range s.Attributes {
				if a.Key != "gen_ai.response.time_to_first_chunk" {
					line += "\n  " + string(a.Key) + "=" + a.Value.String()
				}
			}
			got.Spans = append(got.Spans, line)
		}
		var rm metricdata.ResourceMetrics
		if err := reader.Collect(context.Background(), &rm); err != nil {
			t.Fatal(err)
		}
		for _, sm := range rm.ScopeMetrics {
			for _, m := range sm.Metrics {
				got.Metrics = append(got.Metrics, points(m)...)
			}
		}
		sort.Strings(got.Spans)
		sort.Strings(got.Metrics)
		return got
	}

	byTransport := door(t, func(o ...instrument.Option) {
		tr := &http.Transport{DisableCompression: true}
		defer tr.CloseIdleConnections()
		calls(t, up.URL, option.WithHTTPClient(&http.Client{Transport: instrument.NewTransport(tr, o...)}))
	})
	byMiddleware := door(t, func(o ...instrument.Option) {
		tr := &http.Transport{DisableCompression: true}
		defer tr.CloseIdleConnections()
		calls(t, up.URL, option.WithHTTPClient(&http.Client{Transport: tr}), option.WithMiddleware(instrument.Middleware(o...)))
	})
	byProxy := door(t, func(o ...instrument.Option) {
		upstream := proxy.NewUpstream(func(string) string { return "" })
		defer upstream.Close()
		s, err := proxy.Listen(proxy.Config{
			Secret: "x", Upstream: upstream, Transport: instrument.NewTransport(upstream, o...),
			Routes: []proxy.Route{{ID: "openai", Upstream: upURL}},
		})
		if err != nil {
			t.Fatal(err)
		}
		tr := &http.Transport{DisableCompression: true}
		calls(t, s.URL("openai"), option.WithHTTPClient(&http.Client{Transport: tr}))
		tr.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	if len(byTransport.Spans) != 4 || len(byTransport.Metrics) == 0 {
		t.Fatalf("got %d spans, %d points", len(byTransport.Spans), len(byTransport.Metrics))
	}
	if d := cmp.Diff(byTransport, byMiddleware); d != "" {
		t.Errorf("the middleware differs (-transport +middleware):\n%s", d)
	}
	if d := cmp.Diff(byTransport, byProxy); d != "" {
		t.Errorf("the proxy differs (-transport +proxy):\n%s", d)
	}
	if all := strings.Join(byProxy.Spans, "\n"); strings.Contains(all, "sk-canary") {
		t.Error("the key is in the telemetry")
	}
}

// points are a histogram's points without what time decides.
func points(m metricdata.Metrics) (out []string) {
	add := func(set attribute.Set, count uint64) {
		out = append(out, m.Name+" "+m.Unit+" "+set.Encoded(attribute.DefaultEncoder())+" "+string(rune('0'+min(count, 9))))
	}
	switch d := m.Data.(type) {
	case metricdata.Histogram[float64]:
		for _, p := range d.DataPoints {
			add(p.Attributes, p.Count)
		}
	case metricdata.Histogram[int64]:
		for _, p := range d.DataPoints {
			add(p.Attributes, p.Count)
		}
	}
	return out
}

func BenchmarkTransport(b *testing.B) {
	up := httptest.NewServer(fakellm.New())
	defer up.Close()
	tr := &http.Transport{DisableCompression: true}
	defer tr.CloseIdleConnections()
	for _, bb := range []struct {
		name string
		rt   http.RoundTripper
	}{
		{"bare", tr},
		{"observed", instrument.NewTransport(tr, instrument.WithObserver(idle{}))},
	} {
		for kind, body := range map[string]string{"json": chatBody, "stream": streamBody} {
			b.Run(bb.name+"/"+kind, func(b *testing.B) { roundTrips(b, bb.rt, up.URL+"/v1/chat/completions", body) })
		}
	}
}

func BenchmarkProxy(b *testing.B) {
	up := httptest.NewServer(fakellm.New())
	defer up.Close()
	u, _ := url.Parse(up.URL)
	upstream := proxy.NewUpstream(func(string) string { return "" })
	defer upstream.Close()
	ours, err := proxy.Listen(proxy.Config{
		Secret: "x", Upstream: upstream, Transport: instrument.NewTransport(upstream, instrument.WithObserver(idle{})),
		Routes: []proxy.Route{{ID: "openai", Provider: codec.ByShort("openai"), Upstream: u}},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Shutdown(context.Background())
	// A bare ReverseProxy, in full duplex so that it cuts no streams.
	rp := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }, Transport: upstream, FlushInterval: -1}
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		rp.ServeHTTP(w, r)
	}))
	defer bare.Close()
	tr := &http.Transport{DisableCompression: true}
	defer tr.CloseIdleConnections()
	for kind, body := range map[string]string{"json": chatBody, "stream": streamBody} {
		b.Run("direct/"+kind, func(b *testing.B) { roundTrips(b, tr, up.URL+"/v1/chat/completions", body) })
		b.Run("reverseproxy/"+kind, func(b *testing.B) { roundTrips(b, tr, bare.URL+"/v1/chat/completions", body) })
		b.Run("otel-genai/"+kind, func(b *testing.B) { roundTrips(b, tr, ours.URL("openai")+"/v1/chat/completions", body) })
	}
}

func roundTrips(b *testing.B, rt http.RoundTripper, url, body string) {
	b.ReportAllocs()
	for b.Loop() {
		req, _ := http.NewRequest("POST", url, strings.NewReader(body))
		resp, err := rt.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
}

// idle observes and does nothing.
type idle struct{}

func (idle) Start(context.Context, *genai.Inference) genai.Observation { return idle{} }
func (idle) Update(*genai.Inference)                                   {}
func (idle) End(*genai.Inference)                                      {}
