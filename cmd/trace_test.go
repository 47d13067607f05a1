package cmd

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// spanLine is what the tests read of a span in a file of OTLP JSON lines.
type spanLine struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind                                int
	Attributes                          []struct {
		Key   string
		Value struct{ StringValue, IntValue string }
	}
}

func (s spanLine) attribute(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.StringValue + a.Value.IntValue
		}
	}
	return ""
}

// spansIn reads a file of OTLP JSON lines, by span name.
func spansIn(t *testing.T, path string) map[string]spanLine {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all := map[string]spanLine{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var request struct {
			ResourceSpans []struct {
				ScopeSpans []struct{ Spans []spanLine }
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			t.Fatalf("%v in %s", err, lines.Text())
		}
		for _, resource := range request.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				for _, s := range scope.Spans {
					all[s.Name] = s
				}
			}
		}
	}
	return all
}

// traced runs a command with its spans to a file, and returns them.
func traced(t *testing.T, env []string, flags []string, command ...string) (map[string]spanLine, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "f.jsonl")
	args := append([]string{"--traces_exporter=otlp_file", "--metrics_exporter=none", "--logs_exporter=none", "--genai_file", file}, flags...)
	c := otelGenai(t, append(args, command...)...)
	c.Env = append(c.Env, env...)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", stderr.String())
	}
	return spansIn(t, file), string(out)
}

func TestCallsAreTheRunsChildren(t *testing.T) {
	llm := newLLM(t)
	spans, out := traced(t, []string{"OPENAI_BASE_URL=" + llm}, nil, "sh", "-c", "client chat; client env TRACEPARENT; exit 3")
	run, call := spans["run sh"], spans["chat gpt-4o-mini"]
	if call.ParentSpanID != run.SpanID || call.TraceID != run.TraceID || run.SpanID == "" || run.ParentSpanID != "" {
		t.Errorf("run %+v, call %+v", run, call)
	}
	if run.attribute("process.exit.code") != "3" || run.attribute("error.type") != "3" {
		t.Errorf("run %+v", run)
	}
	if !strings.Contains(out, "TRACEPARENT=00-"+run.TraceID+"-"+run.SpanID+"-01") {
		t.Errorf("the program was not given the run's trace context: %s", out)
	}
	for _, a := range run.Attributes {
		if strings.Contains(a.Value.StringValue, "exit 3") {
			t.Errorf("the run's span holds the program's arguments: %+v", a)
		}
	}
}

func TestCallsWithATraceOfTheirOwnStayThere(t *testing.T) {
	llm := newLLM(t)
	spans, _ := traced(t, []string{"OPENAI_BASE_URL=" + llm}, nil, "client", "chat", "own", aTraceparent)
	if got := spans["chat own"].ParentSpanID; got != "b7ad6b7169203331" {
		t.Errorf("parent %q", got)
	}
}

func TestRunJoinsTheTraceItIsGiven(t *testing.T) {
	llm := newLLM(t)
	env := []string{"OPENAI_BASE_URL=" + llm, "TRACEPARENT=" + aTraceparent}
	spans, _ := traced(t, env, nil, "client", "chat")
	if got := spans["run client"].ParentSpanID; got != "b7ad6b7169203331" {
		t.Errorf("parent %q", got)
	}

	// Without a span of its own, the run's calls are the given span's children.
	spans, out := traced(t, env, []string{"--genai_run_span=false"}, "sh", "-c", "client chat; client env TRACEPARENT")
	if got := spans["chat gpt-4o-mini"].ParentSpanID; got != "b7ad6b7169203331" || len(spans) != 1 {
		t.Errorf("parent %q of %d spans", got, len(spans))
	}
	if !strings.Contains(out, "TRACEPARENT="+aTraceparent) {
		t.Errorf("the program's trace context changed: %s", out)
	}
}

func TestCallsOfARunWithoutSpanAreRoots(t *testing.T) {
	llm := newLLM(t)
	spans, _ := traced(t, []string{"OPENAI_BASE_URL=" + llm}, []string{"--genai_run_span", "false"}, "client", "chat")
	if call := spans["chat gpt-4o-mini"]; call.SpanID == "" || call.ParentSpanID != "" || len(spans) != 1 {
		t.Errorf("%+v", spans)
	}
}

// What was seen is sent, however the program ended.
func TestNothingIsLostToASuddenEnd(t *testing.T) {
	for _, signal := range []string{"9", "15"} {
		llm := newLLM(t)
		spans, _ := traced(t, []string{"OPENAI_BASE_URL=" + llm}, nil, "sh", "-c", "client chat; kill -"+signal+" $$")
		if spans["chat gpt-4o-mini"].SpanID == "" || spans["run sh"].attribute("error.type") == "" {
			t.Errorf("after signal %s: %+v", signal, spans)
		}
	}
}

func TestServiceIsNamedAfterTheProgram(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f.jsonl")
	c := otelGenai(t, "--traces_exporter=otlp_file", "--metrics_exporter=none", "--logs_exporter=none", "--genai_file", file, "env", "A=b", "client", "args")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"stringValue":"client"`) || !strings.Contains(string(text), `"name":"run client"`) {
		t.Errorf("%s", text)
	}
}
