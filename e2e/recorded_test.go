package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// family are the providers whose recorded calls speak OpenAI's protocol, whole
// or in part; what else is recorded of them passes through all the same.
var family = []string{
	"openai", "azure", "azure-inference", "openrouter", "groq", "xai", "deepseek", "openai-compat", "perplexity", "mistral", "together", "cerebras", "crusoe",
	"gpustack", "huggingface", "pydantic-gateway", "snowflake", "writer", "zai", "voyageai",
}

// leastScore is the share of expected facts, in percent, that must be right.
const leastScore = "99.5"

func TestRecordedExchangesPassUntouchedAndAreRead(t *testing.T) {
	shared := sharedtest.Dir(t)
	py := python(t)
	wire := filepath.Join(shared, "wire")
	for _, rechunk := range []string{"0", "7"} {
		t.Run("rechunk "+rechunk, func(t *testing.T) {
			dir := t.TempDir()
			log, file, record := filepath.Join(dir, "replay.jsonl"), filepath.Join(dir, "out.jsonl"), filepath.Join(dir, "run.json")
			replay := start(t, nil, py, filepath.Join(wire, "replay.py"), "--set", wire, "--port", "0", "--rechunk", rechunk, "--log", log)
			upstream := "http://" + replay.expect(t, `on (127\.0\.0\.1:\d+)`)

			flags := []string{
				"--traces_exporter", "otlp_file", "--metrics_exporter", "otlp_file", "--logs_exporter", "otlp_file", "--genai_file", file,
				"--instrumentation_genai_capture_message_content", "SPAN_AND_EVENT",
			}
			for _, name := range family {
				flags = append(flags, "--genai_upstream", name+"="+upstream)
			}
			proxy, base := proxied(t, nil, flags...)
			drive := func(more ...string) result {
				return run(t, dir, nil, slices.Concat([]string{
					py, filepath.Join(wire, "drive.py"), "--set", wire, "--only", strings.Join(family, ","), "--proxy-url-for", "*=" + base + "/{provider}",
					"--ports", upstream[strings.LastIndex(upstream, ":")+1:], "--run-file", record, "--otlp-file", file, "--replay-log", log, "-v",
				}, more)...)
			}
			drive("--settle", "0")
			proxy.stop(t) // which flushes: then everything is in the file
			if proxy.status != 0 {
				t.Errorf("the proxy ended with status %d", proxy.status)
			}
			score := drive("--score-only", "--min-score", leastScore)
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
		})
	}
}

// allowed are the warnings that decisions of ours cause, by the rule and the
// key that check.py names, with the decision.
var allowed = map[string]string{}

// conforms holds what was emitted to the published conventions.
func conforms(t *testing.T, py, shared, file string) {
	t.Helper()
	got := run(t, t.TempDir(), nil, py, filepath.Join(shared, "semconv", "check.py"), "--json", "--require-cross", file)
	var report struct {
		Levels   map[string]int `json:"levels"`
		Findings []struct{ Level, Rule, Where, Key, Message string }
	}
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatalf("check.py: %v\n%s%s", err, got.stdout, got.stderr)
	}
	seen := map[string]int{}
	for _, f := range report.Findings {
		line := fmt.Sprintf("%s %s %s: %s", f.Level, f.Rule, f.Key, f.Message)
		if _, ok := allowed[f.Rule+" "+f.Key]; f.Level == "info" || f.Level == "warn" && ok {
			continue
		}
		if seen[line]++; seen[line] == 1 {
			t.Errorf("%s (%s)", line, f.Where)
		}
	}
	if got.status != 0 && report.Levels["error"] == 0 {
		t.Errorf("check.py: status %d\n%s", got.status, got.stderr)
	}
}

func TestEveryProviderOfTheFamilyIsInTheTable(t *testing.T) {
	for _, name := range family {
		if codec.ByShort(name) == nil {
			t.Errorf("%s is not a provider's short name", name)
		}
	}
}
