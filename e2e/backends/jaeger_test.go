package backends

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"
)

// jaegerServer is a Jaeger with its store in memory.
type jaegerServer struct {
	*server
	query, http, grpc string // addresses: its API, and OTLP
}

func startJaeger(t *testing.T) jaegerServer {
	t.Helper()
	a := freeAddresses(t, 11)
	j := jaegerServer{query: a[0], http: a[1], grpc: a[2]}
	// Every listener that it has, by name. One that took whatever port is free
	// might take that of another.
	j.server = start(t, `"status":"ready"`, programs.jaeger,
		"--query.http-server.host-port="+j.query,
		"--collector.otlp.http.host-port="+j.http,
		"--collector.otlp.grpc.host-port="+j.grpc,
		"--collector.grpc-server.host-port="+a[3],
		"--query.grpc-server.host-port="+a[4],
		"--collector.http-server.host-port="+a[5],
		"--admin.http.host-port="+a[6],
		"--http-server.host-port="+a[7],
		"--processor.jaeger-binary.server-host-port="+a[8],
		"--processor.jaeger-compact.server-host-port="+a[9],
		"--processor.zipkin-compact.server-host-port="+a[10],
		"--collector.zipkin.host-port=",
		"--log-level=info",
	)
	return j
}

// jaegerTrace is a trace as the query API gives it.
type jaegerTrace struct {
	Spans     []jaegerSpan
	Processes map[string]struct {
		ServiceName string
		Tags        jaegerTags
	}
}

type jaegerSpan struct {
	TraceID, SpanID, OperationName, ProcessID string
	References                                []struct{ RefType, TraceID, SpanID string }
	Duration                                  int64 // microseconds
	Tags                                      jaegerTags
}

// jaegerTags are attributes, as texts.
type jaegerTags map[string]string

// UnmarshalJSON reads a list of keys and values.
func (g *jaegerTags) UnmarshalJSON(b []byte) error {
	var list []struct {
		Key   string
		Value any
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*g = jaegerTags{}
	for _, kv := range list {
		(*g)[kv.Key] = fmt.Sprint(kv.Value)
	}
	return nil
}

// traces asks for the traces of a service until there is one with n spans:
// Jaeger takes them first and stores them then, and tells nobody when it has.
func (j jaegerServer) traces(t *testing.T, service string, n int) jaegerTrace {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}, Timeout: patience}
	defer client.CloseIdleConnections()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	limit := time.After(patience)
	for {
		resp, err := client.Get("http://" + j.query + "/api/traces?service=" + url.QueryEscape(service))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Data []jaegerTrace }
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		if len(answer.Data) > 1 {
			t.Fatalf("%d traces instead of one", len(answer.Data))
		}
		if len(answer.Data) == 1 && len(answer.Data[0].Spans) >= n {
			return answer.Data[0]
		}
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("no %d spans of %s within %s; the last answer: %s", n, service, patience, body)
		}
	}
}

func TestJaegerShowsWhatWasSent(t *testing.T) {
	j := startJaeger(t)
	for _, tt := range []struct{ name, protocol, endpoint, compression string }{
		{"http", "http/protobuf", j.http, "none"},
		{"http-gzip", "http/protobuf", j.http, "gzip"},
		{"http-json", "http/json", j.http, "none"},
		{"grpc", "grpc", j.grpc, "none"},
		{"grpc-gzip", "grpc", j.grpc, "gzip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			service := "jaeger-" + tt.name
			args := []string{
				"run", "--metrics_exporter", "none", "--logs_exporter", "none",
				"--service_name", service, "--resource_attributes", "deployment.environment.name=test",
				"--exporter_otlp_endpoint", "http://" + tt.endpoint,
				"--exporter_otlp_protocol", tt.protocol,
				"--exporter_otlp_compression", tt.compression,
				"--instrumentation_genai_capture_message_content", "SPAN_ONLY",
				"--",
			}
			r := run(t, provider(t), append(args, client()...)...)
			if r.status != status {
				t.Errorf("status %d, want %d\n%s", r.status, status, r.stderr)
			}
			trace := j.traces(t, service, 5)
			checkJaeger(t, trace, service)
		})
	}
}

func checkJaeger(t *testing.T, trace jaegerTrace, service string) {
	t.Helper()
	spans := map[string]jaegerSpan{}
	var names []string
	for _, s := range trace.Spans {
		spans[s.OperationName] = s
		names = append(names, s.OperationName)
	}
	slices.Sort(names)
	want := []string{"chat error-429", "chat gpt-4o", "chat gpt-4o-mini", "embeddings text-embedding-3-small", "run sh"}
	if !slices.Equal(names, want) {
		t.Fatalf("spans %q, want %q", names, want)
	}

	root := spans["run sh"]
	if len(root.References) != 0 {
		t.Errorf("the run's span has a parent: %v", root.References)
	}
	for _, s := range trace.Spans {
		p := trace.Processes[s.ProcessID]
		if p.ServiceName != service || p.Tags["deployment.environment.name"] != "test" || p.Tags["telemetry.distro.name"] != "otel-genai" {
			t.Errorf("%s: resource %q %v", s.OperationName, p.ServiceName, p.Tags)
		}
		if s.SpanID == root.SpanID {
			continue
		}
		if len(s.References) != 1 || s.References[0].RefType != "CHILD_OF" || s.References[0].SpanID != root.SpanID || s.TraceID != root.TraceID {
			t.Errorf("%s: not a child of the run: %v", s.OperationName, s.References)
		}
		if s.Duration <= 0 || s.Tags["span.kind"] != "client" {
			t.Errorf("%s: %d µs, %s", s.OperationName, s.Duration, s.Tags["span.kind"])
		}
	}

	for span, attributes := range map[string]jaegerTags{
		"run sh": {"process.exit.code": "7"},
		"chat gpt-4o-mini": {
			"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o-mini",
			"gen_ai.request.temperature": "0.2", "gen_ai.response.finish_reasons": `["stop"]`,
		},
		"chat gpt-4o":                       {"gen_ai.request.stream": "true", "gen_ai.response.finish_reasons": `["tool_calls"]`},
		"embeddings text-embedding-3-small": {"gen_ai.operation.name": "embeddings"},
		"chat error-429":                    {"error": "true", "otel.status_code": "ERROR", "http.response.status_code": "429"},
	} {
		for k, v := range attributes {
			if got := spans[span].Tags[k]; got != v {
				t.Errorf("%s: %s is %q, want %q", span, k, got, v)
			}
		}
	}
	chat := spans["chat gpt-4o-mini"].Tags
	contains(t, chat["gen_ai.input.messages"], "Say hello")
	contains(t, chat["gen_ai.output.messages"], "There is no model here")
	for _, k := range []string{"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"} {
		if chat[k] == "" || chat[k] == "0" {
			t.Errorf("%s is %q", k, chat[k])
		}
	}
}
