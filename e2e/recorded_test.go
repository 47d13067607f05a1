package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// leastScore is the share of strict facts, in percent, that must be right: those
// that are not are explained below, one by one, and any other fails by itself.
const leastScore = "99.78"

// explained are the strict facts that we read otherwise than the independent
// reader, and why. docs/wire.md tells them.
var explained = map[string]string{
	"bedrock-converse-u-a2ab565891 output.0.tool_calls":           "one of the two calls was carried out by Bedrock itself (its type is server_tool_use), and is told as a server's tool call",
	"bedrock-invoke-model-u-5a27c84fd2 gen_ai.response.id":        "the id is an empty string, which names nothing",
	"cohere-chat-v2-u-cdd74b0b05 error.type":                      "the answer names its error, TOO_MANY_TOKENS; the status stands in only where an answer does not",
	"snowflake-chat_completions-u-007360d368 output.0.tool_calls": "its second call is a function_call whose name and arguments are empty strings, which calls nothing; OpenAI's own client reads one call, too",
	"snowflake-chat_completions-u-007360d368 gen_ai.response.id":  "the id is an empty string, which names nothing",
}

// report is drive.py's.
type report struct {
	Total, Cells json.RawMessage
	Wrong        [][]any
	Per          map[string]map[string]string
}

// TestRecordedExchangesPassUntouchedAndAreRead plays every recorded exchange
// through the binary: each byte passes, inference is read as an independent
// reader has it, and nothing else has a span.
func TestRecordedExchangesPassUntouchedAndAreRead(t *testing.T) {
	shared := sharedtest.Dir(t)
	py := python(t)
	for _, rechunk := range []string{"0", "7"} {
		t.Run("rechunk "+rechunk, func(t *testing.T) {
			got, out := played(t, py, shared, rechunk)
			for _, w := range got.Wrong {
				if fact := fmt.Sprint(w[0], " ", w[1]); w[2] == "strict" && explained[fact] == "" {
					t.Errorf("%s: want %v, got %v", fact, w[4], w[5])
				}
			}
			for fact := range explained {
				if id, name, _ := strings.Cut(fact, " "); got.Per[id] != nil && got.Per[id][name] == "right" {
					t.Errorf("%s is read as expected: no need to explain it", fact)
				}
			}
			codectest.Page(t, "../docs/wire.md", wirePage(out, got), "go test ./e2e -run RecordedExchanges -update")
		})
	}
}

// played plays them and returns what drive.py found, with its words.
func played(t *testing.T, py, shared, rechunk string) (report, string) {
	t.Helper()
	dir, wire := t.TempDir(), filepath.Join(shared, "wire")
	log, file, record, found := filepath.Join(dir, "replay.jsonl"), filepath.Join(dir, "out.jsonl"), filepath.Join(dir, "run.json"), filepath.Join(dir, "report.json")
	replay := start(t, nil, py, filepath.Join(wire, "replay.py"), "--set", wire, "--port", "0", "--rechunk", rechunk, "--log", log)
	upstream := "http://" + replay.expect(t, `on (127\.0\.0\.1:\d+)`)

	flags := []string{
		"--traces_exporter", "otlp_file", "--metrics_exporter", "otlp_file", "--logs_exporter", "otlp_file", "--genai_file", file,
		"--instrumentation_genai_capture_message_content", "SPAN_AND_EVENT",
	}
	for _, name := range recordedProviders(t, shared) {
		flags = append(flags, "--genai_upstream", name+"="+upstream)
	}
	proxy, base := proxied(t, nil, flags...)
	drive := func(more ...string) result {
		return run(t, dir, nil, slices.Concat([]string{
			py, filepath.Join(wire, "drive.py"), "--set", wire, "--proxy-url-for", "*=" + base + "/{provider}",
			"--ports", upstream[strings.LastIndex(upstream, ":")+1:], "--run-file", record, "--otlp-file", file, "--replay-log", log,
		}, more)...)
	}
	drive("--settle", "0")
	proxy.stop(t) // which flushes: then everything is in the file
	if proxy.status != 0 {
		t.Errorf("the proxy ended with status %d", proxy.status)
	}
	score := drive("--score-only", "--min-score", leastScore, "--report", found)
	t.Log(score.stdout)
	if score.status != 0 {
		t.Errorf("drive.py: status %d\n%s", score.status, score.stderr)
	}
	if !strings.Contains(score.stdout, "altered 0 [], not seen (or header dropped and body altered) 0 []") {
		t.Error("the provider did not receive every request body as it was sent")
	}
	if !strings.Contains(score.stdout, "unmatched gen_ai spans 0") {
		t.Error("there are spans that no call explains")
	}
	conforms(t, py, shared, file)
	raw, err := os.ReadFile(found) //nolint:gosec // our own
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	return got, score.stdout
}

// recordedProviders are the short names of those who were recorded.
func recordedProviders(t *testing.T, shared string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(shared, "wire", "index.json")) //nolint:gosec // a folder of tests
	if err != nil {
		t.Fatal(err)
	}
	var index []struct{ Provider string }
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range index {
		names = append(names, x.Provider)
		if codec.ByShort(x.Provider) == nil {
			t.Errorf("%s is not in the provider table", x.Provider)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// allowed are the findings that decisions of ours cause, or that stand in a
// recording itself.
var allowed = []struct{ level, rule, key, message, why string }{
	{"warn", "attribute-other-release", `^gen_ai\.request\.(reasoning\.level|previous_response\.id)$`, ``, "the official packages send them already"},
	{"warn", "attribute-other-release", `^gen_ai\.usage\.(text|audio|image)\.`, ``, "likewise"},
	{"warn", "attribute-not-on-signal", `^(aws\.bedrock\.guardrail\.id|gen_ai\.request\.top_k)$`, ``, "the release's event lacks what the span of the same call has"},
	{"warn", "attribute-not-on-signal", `^openai\.`, ``, "Azure OpenAI speaks the protocol and has no refinement of its own"},
	{"warn", "enum-value", `^gen_ai\.provider\.name$`, ``, "a vendor without a well-known value keeps its own name"},
	{"warn", "enum-value", `^gen_ai\.operation\.name$`, `^'rerank' `, "the conventions have no operation for it, and allow others"},
	{"warn", "unknown-operation", `^gen_ai\.operation\.name$`, `^'rerank' `, "likewise"},
	{"warn", "cross", `^gen_ai\.client\.operation\.duration$`, `^count 197 != 196 `, "likewise: the checker does not count its span"},
	{"warn", "enum-value", `^openai\.request\.service_tier$`, `^'(flex|priority|scale)' `, "the API knows more tiers than the list"},
	{"error", "missing-required", `^gen_ai\.request\.model$`, ``, "one recorded call names a stored prompt and no model, and nothing is made up"},
	{"warn", "missing-conditional", `^gen_ai\.request\.model$`, ``, "the same call"},
	{"error", "token-arithmetic", `^gen_ai\.usage\.input_tokens$`, `^(7 < cache_read 161|198 < cache_read 314) `, "two recorded answers count so, and their totals leave the cached tokens out: the provider's figures stay as they are"},
}

// conforms holds what was emitted to the published conventions.
func conforms(t *testing.T, py, shared, file string) {
	t.Helper()
	got := run(t, t.TempDir(), nil, py, filepath.Join(shared, "semconv", "check.py"), "--json", "--require-cross", file)
	var report struct {
		Counts   map[string]int
		Findings []struct{ Level, Rule, Where, Key, Message string }
	}
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatalf("check.py: %v\n%s%s", err, got.stdout, got.stderr)
	}
	for _, f := range report.Findings {
		fine := f.Level == "info"
		for _, a := range allowed {
			matches := func(pattern, s string) bool { return regexp.MustCompile(pattern).MatchString(s) }
			fine = fine || f.Level == a.level && f.Rule == a.rule && matches(a.key, f.Key) && matches(a.message, f.Message)
		}
		if !fine {
			t.Errorf("%s %s %s: %s (%s)", f.Level, f.Rule, f.Key, f.Message, f.Where)
		}
	}
	if got.status > 1 {
		t.Errorf("check.py: status %d\n%s", got.status, got.stderr)
	}
	if report.Counts["spans"] == 0 || report.Counts["metrics"] == 0 || report.Counts["events"] == 0 {
		t.Errorf("check.py saw too little: %v", report.Counts)
	}
}
