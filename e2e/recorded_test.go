package e2e

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// family are the providers whose recorded calls are of a family that is read, whole
// or in part; what else is recorded of them passes through all the same.
var family = []string{
	"openai", "azure", "azure-inference", "openrouter", "groq", "xai", "deepseek", "openai-compat", "perplexity", "mistral", "together", "cerebras", "crusoe",
	"anthropic", "bedrock", "gpustack", "huggingface", "pydantic-gateway", "snowflake", "writer", "zai", "voyageai",
}

// leastScore is the share of expected facts, in percent, that must be right.
// Three are read otherwise: two ids that are empty strings, which name nothing,
// and a call of a tool that Bedrock ran itself, which is a server tool's.
const leastScore = "99.8"

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

// allowed are the findings that decisions of ours cause, or that stand in a
// recording itself.
var allowed = []struct{ level, rule, key, message, why string }{
	{"warn", "attribute-other-release", `^gen_ai\.request\.(reasoning\.level|previous_response\.id)$`, ``, "the official packages send them already"},
	{"warn", "attribute-other-release", `^gen_ai\.usage\.(text|audio|image)\.`, ``, "likewise"},
	{"warn", "attribute-not-on-signal", `^(aws\.bedrock\.guardrail\.id|gen_ai\.request\.top_k)$`, ``, "the release's event lacks what the span of the same call has"},
	{"warn", "attribute-not-on-signal", `^openai\.`, ``, "Azure OpenAI speaks the protocol and has no refinement of its own"},
	{"warn", "enum-value", `^gen_ai\.provider\.name$`, ``, "a vendor without a well-known value keeps its own name"},
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

func TestEveryProviderOfTheFamilyIsInTheTable(t *testing.T) {
	for _, name := range family {
		if codec.ByShort(name) == nil {
			t.Errorf("%s is not a provider's short name", name)
		}
	}
}
