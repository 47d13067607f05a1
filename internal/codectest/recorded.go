package codectest

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// Of is a recorded exchange as one to be read.
func Of(r sharedtest.Exchange) Exchange {
	return Exchange{
		Method: r.Request.Method, URL: r.Request.URL, RequestHeader: r.Request.Header(), Request: r.Request.Body,
		Status: r.Response.Status, Header: r.Response.Header(), Response: r.Response.Body,
		Provider: codec.ByShort(r.Provider),
	}
}

type fact struct {
	V      any
	Mode   string
	Accept []any
}

// Reading is what an independent reader found in an exchange.
type Reading struct {
	ID, Provider, API    string
	Span_required        bool //nolint:revive // as the file has it
	Span_status_error    bool //nolint:revive // as the file has it
	Span_name            *string
	Attributes, Messages map[string]fact
	Forbidden_attributes []string
}

func load(t *testing.T, path string, to any) {
	t.Helper()
	raw, err := os.ReadFile(path) //nolint:gosec // a folder of tests
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, to); err != nil {
		t.Fatal(path, err)
	}
}

// Recorded reads every recorded exchange of real providers and compares with
// the independent reading, as its own drive.py does. ours tells the exchanges
// that these families read where they are inference at all; no other may be
// matched. allowed are strict facts, as "ID NAME", that we read otherwise,
// each with the reason.
func Recorded(t *testing.T, families []codec.Family, ours func(Reading) bool, allowed map[string]string) {
	dir := filepath.Join(sharedtest.Dir(t), "wire")
	var index []struct{ ID string }
	load(t, filepath.Join(dir, "index.json"), &index)
	n := tally{}
	for _, row := range index {
		t.Run(row.ID, func(t *testing.T) {
			var r sharedtest.Exchange
			var want Reading
			load(t, filepath.Join(dir, "exchanges", row.ID+".json"), &r)
			load(t, filepath.Join(dir, "expected", row.ID+".json"), &want)
			x := Of(r)
			f := Begin(t, families, x, KeepAll)
			// What the conventions don't know may be read all the same.
			if matched := f != nil; matched && !ours(want) || !matched && ours(want) && want.Span_required {
				t.Fatalf("matched %v", matched)
			}
			if f == nil {
				return
			}
			in := f.Write(x.Response, Whole)
			if in.Error == nil && in.Response.HTTPStatus >= 400 {
				t.Error("an error without an error")
			}
			Splits(t, families, x, KeepAll)
			n.compare(t, row.ID, in, want, allowed)
		})
	}
	t.Logf("%d strict facts, %d lenient of which %d differ", n.strict, n.lenient, n.differ)
	if n.strict == 0 {
		t.Error("no fact was compared")
	}
}

type tally struct{ strict, lenient, differ int }

func (n *tally) compare(t *testing.T, id string, in *genai.Inference, want Reading, allowed map[string]string) {
	check := func(name string, f fact, got any, ok bool) {
		if f.Mode == "lenient" {
			n.lenient++
			if !ok {
				n.differ++
				t.Logf("lenient: %s: got %v, want %v", name, got, f.V)
			}
			return
		}
		n.strict++
		if !ok && allowed[id+" "+name] == "" {
			t.Errorf("%s: got %v, want %v or one of %v", name, got, f.V, f.Accept)
		}
	}
	attrs := attributes(in)
	for name, f := range want.Attributes {
		got, found := attrs[name]
		if strings.HasPrefix(name, "server.") || f.Mode == "optional" && !found {
			continue // a codec has no part in it; or it may be left out
		}
		check(name, f, got, found && f.holds(name, got))
	}
	for name, f := range want.Messages {
		ok, got := message(in, name, f.V)
		check(name, f, got, ok)
	}
	for _, name := range want.Forbidden_attributes {
		if got, ok := attrs[name]; ok {
			t.Errorf("%s: got %v, want none", name, got)
		}
	}
	if want.Span_name != nil && strings.TrimSpace(string(in.Operation)+" "+in.Request.Model) != *want.Span_name {
		t.Logf("lenient: name: got %s %s, want %s", in.Operation, in.Request.Model, *want.Span_name)
	}
}

// attributes are those of a record, as the conventions name them.
func attributes(in *genai.Inference) map[string]any {
	a := map[string]any{
		"gen_ai.provider.name":  in.Provider,
		"gen_ai.operation.name": string(in.Operation),
	}
	put := func(name string, v any) {
		if r := reflect.ValueOf(v); !r.IsZero() && (r.Kind() != reflect.Slice || r.Len() > 0) {
			if r.Kind() == reflect.Pointer {
				v = r.Elem().Interface()
			}
			a[name] = v
		}
	}
	for _, e := range in.Extra {
		put(e.Key, e.Value)
	}
	put("gen_ai.request.model", in.Request.Model)
	put("gen_ai.request.stream", in.Request.Stream)
	put("gen_ai.request.max_tokens", in.Request.MaxTokens)
	put("gen_ai.request.temperature", in.Request.Temperature)
	put("gen_ai.request.top_p", in.Request.TopP)
	put("gen_ai.request.top_k", in.Request.TopK)
	put("gen_ai.request.frequency_penalty", in.Request.FrequencyPenalty)
	put("gen_ai.request.presence_penalty", in.Request.PresencePenalty)
	put("gen_ai.request.seed", in.Request.Seed)
	put("gen_ai.request.choice.count", in.Request.ChoiceCount)
	put("gen_ai.request.stop_sequences", in.Request.StopSequences)
	put("gen_ai.request.encoding_formats", in.Request.EncodingFormats)
	put("gen_ai.embeddings.dimension.count", in.Request.Dimensions)
	put("gen_ai.output.type", in.Request.OutputType)
	put("gen_ai.conversation.id", in.ConversationID)
	put("gen_ai.response.id", in.Response.ID)
	put("gen_ai.response.model", in.Response.Model)
	put("gen_ai.response.finish_reasons", in.Response.FinishReasons)
	put("gen_ai.usage.input_tokens", in.Usage.Input)
	put("gen_ai.usage.output_tokens", in.Usage.Output)
	put("gen_ai.usage.cache_read.input_tokens", in.Usage.CacheRead)
	put("gen_ai.usage.cache_creation.input_tokens", in.Usage.CacheCreation)
	put("gen_ai.usage.reasoning.output_tokens", in.Usage.Reasoning)
	// Readings have these of OpenAI's own calls alone.
	if in.API == "chat_completions" || in.API == "responses" {
		a["openai.api.type"] = in.API
	}
	put("openai.request.service_tier", in.Request.ServiceTier)
	put("openai.response.service_tier", in.Response.ServiceTier)
	put("openai.response.system_fingerprint", in.Response.SystemFingerprint)
	if in.Error != nil {
		a["error.type"] = in.Error.Type
		if in.Error.Type == "" {
			a["error.type"] = strconv.Itoa(in.Response.HTTPStatus)
		}
	}
	return a
}

func (f fact) holds(name string, got any) bool {
	for _, want := range append([]any{f.V}, f.Accept...) {
		if want == "*" || same(name, want, got) {
			return true
		}
	}
	return false
}

func same(name string, want, got any) bool {
	if name == "gen_ai.response.finish_reasons" {
		return fmt.Sprint(canonical(want)) == fmt.Sprint(canonical(got))
	}
	w, err1 := json.Marshal(want)
	g, err2 := json.Marshal(got)
	if a, err := strconv.ParseFloat(string(w), 64); err == nil {
		b, err := strconv.ParseFloat(string(g), 64)
		return err == nil && math.Abs(a-b) <= 1e-6*max(1, math.Abs(a))
	}
	return err1 == nil && err2 == nil && string(w) == string(g)
}

// finishes is drive.py's reading of finish reasons.
var finishes = map[string]string{
	"stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "complete": "stop", "completed": "stop", "finish": "stop", "eos": "stop", "endoftext": "stop", "eos_token": "stop",
	"pause_turn": "pause",
	"length":     "length", "max_tokens": "length", "max_output_tokens": "length", "model_length": "length", "model_context_window_exceeded": "length",
	"tool_calls": "tool", "tool_call": "tool", "tool_use": "tool", "function_call": "tool",
	"content_filter": "filter", "content_filtered": "filter", "safety": "filter", "refusal": "filter", "guardrail_intervened": "filter", "prohibited_content": "filter", "recitation": "filter",
	"error": "error", "failed": "error",
}

func canonical(v any) []string {
	var words []string
	raw, _ := json.Marshal(v)
	_ = json.Unmarshal(raw, &words)
	for i, w := range words {
		words[i] = strings.ToLower(w)
		if c, ok := finishes[words[i]]; ok {
			words[i] = c
		}
	}
	return words
}

// text joins the text of all parts of some kinds.
func text(parts []genai.Part, kinds ...genai.PartType) string {
	var s string
	for _, p := range parts {
		if slices.Contains(kinds, p.Type) {
			s += p.Text
		}
	}
	return s
}

func flat(v any) string { return strings.Join(strings.Fields(fmt.Sprint(v)), " ") }

func message(in *genai.Inference, name string, want any) (ok bool, got any) {
	switch name {
	case "input.roles":
		return roles(in, want)
	case "input.last_user_text":
		var last string
		for _, m := range in.Input {
			if m.Role == "user" {
				last = text(m.Parts, genai.TextPart)
			}
		}
		return flat(last) == flat(want), last
	case "system":
		s := text(in.System, genai.TextPart)
		if len(in.System) == 0 {
			for _, m := range in.Input {
				if m.Role == "system" {
					s += text(m.Parts, genai.TextPart)
				}
			}
		}
		return flat(s) == flat(want), s
	case "output.count":
		return float64(len(in.Output)) == want, len(in.Output)
	}
	var i int
	var kind string
	if n, err := fmt.Sscanf(strings.ReplaceAll(name, ".", " "), "output %d %s", &i, &kind); n != 2 || err != nil || i >= len(in.Output) {
		return false, nil
	}
	parts := in.Output[i].Parts
	kinds := map[string]genai.PartType{"text": genai.TextPart, "reasoning": genai.ReasoningPart, "refusal": genai.RefusalPart}
	if k, ok := kinds[kind]; ok {
		s := text(parts, k)
		return flat(s) == flat(want), s
	}
	if kind == "tool_calls" {
		return calls(parts, want.([]any))
	}
	return false, nil
}

func roles(in *genai.Inference, want any) (ok bool, got any) {
	var roles, without, wanted []string
	for _, m := range in.Input {
		roles = append(roles, m.Role)
	}
	for _, w := range want.([]any) {
		role := codec.Role(w.(string))
		wanted = append(wanted, role)
		if role != "system" {
			without = append(without, role)
		}
	}
	return slices.Equal(roles, wanted) || len(in.System) > 0 && slices.Equal(roles, without), roles
}

func calls(parts []genai.Part, wanted []any) (ok bool, got any) {
	var calls []genai.Part
	for _, p := range parts {
		if p.Type == genai.ToolCallPart {
			calls = append(calls, p)
		}
	}
	if len(calls) != len(wanted) {
		return false, calls
	}
	for i := range calls {
		w := wanted[i].(map[string]any)
		var args any = map[string]any{}
		if len(calls[i].Args) > 0 {
			_ = json.Unmarshal(calls[i].Args, &args)
		}
		wantArgs := w["arguments"]
		if s, isText := wantArgs.(string); isText {
			var v any
			if json.Unmarshal([]byte(s), &v) == nil {
				wantArgs = v
			}
		}
		if calls[i].Name != w["name"] || !cmp.Equal(args, wantArgs) ||
			w["id"] != nil && calls[i].ID != w["id"] && calls[i].ID != w["alt_id"] {
			return false, calls
		}
	}
	return true, calls
}
