package openai

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

// The recorded exchanges of real providers, against an independent reading of
// them. What is compared, and how, is as its own drive.py does it.

func of(r sharedtest.Exchange) exchange {
	return exchange{
		method: r.Request.Method, url: r.Request.URL, request: r.Request.Body,
		status: r.Response.Status, header: r.Response.Header(), response: r.Response.Body,
		provider: codec.ByShort(r.Provider),
	}
}

type fact struct {
	V      any
	Mode   string
	Accept []any
}

type reading struct {
	API                  string
	Span_required        bool //nolint:revive // as the file has it
	Span_status_error    bool //nolint:revive // as the file has it
	Span_name            *string
	Attributes, Messages map[string]fact
	Forbidden_attributes []string
}

func load(t *testing.T, path string, to any) {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, to); err != nil {
		t.Fatal(path, err)
	}
}

// ours are the APIs of this family, as the index names them.
var ours = []string{"chat.completions", "completions", "responses", "embeddings"}

// allowed are strict facts that we read otherwise, each with the reason.
var allowed = map[string]string{
	"snowflake-chat_completions-u-007360d368 gen_ai.response.id": "the answer's id is an empty string, which names nothing",
}

func TestRecordedExchangesReadAsIndependently(t *testing.T) {
	dir := filepath.Join(sharedtest.Dir(t), "wire")
	var index []struct{ ID, Provider string }
	load(t, filepath.Join(dir, "index.json"), &index)
	strict, lenient, lenientWrong := 0, 0, 0
	for _, row := range index {
		t.Run(row.ID, func(t *testing.T) {
			var r sharedtest.Exchange
			var want reading
			load(t, filepath.Join(dir, "exchanges", row.ID+".json"), &r)
			load(t, filepath.Join(dir, "expected", row.ID+".json"), &want)
			x := of(r)
			f := begin(t, x, keepAll)
			inFamily := slices.Contains(ours, want.API) || row.Provider == "writer"
			if (f != nil) != (inFamily && want.Span_required) {
				t.Fatalf("matched %v, want %v", f != nil, inFamily)
			}
			if f == nil {
				return
			}
			in := f.write(x.response, whole)
			if in.Error == nil && in.Response.HTTPStatus >= 400 {
				t.Error("an error without an error")
			}
			for _, split := range []func(int) int{one, random(1), random(2)} {
				again := begin(t, x, keepAll).write(x.response, split)
				if diff := cmp.Diff(again, in, cmp.AllowUnexported(genai.Inference{})); diff != "" {
					t.Fatalf("another split, another record (-split +whole):\n%s", diff)
				}
			}
			attrs := attributes(in)
			for name, fact := range want.Attributes {
				got, found := attrs[name]
				ok := found && fact.holds(name, got)
				if !known(name) || fact.Mode == "optional" && !found {
					continue
				}
				if fact.Mode == "lenient" {
					lenient++
					if !ok {
						lenientWrong++
						t.Logf("lenient: %s: got %v, want %v", name, got, fact.V)
					}
					continue
				}
				strict++
				if !ok && allowed[row.ID+" "+name] == "" {
					t.Errorf("%s: got %v, want %v or one of %v", name, got, fact.V, fact.Accept)
				}
			}
			for name, fact := range want.Messages {
				ok, got := message(in, name, fact.V)
				if fact.Mode == "lenient" {
					lenient++
					if !ok {
						lenientWrong++
						t.Logf("lenient: %s: got %v, want %v", name, got, fact.V)
					}
					continue
				}
				strict++
				if !ok && allowed[row.ID+" "+name] == "" {
					t.Errorf("%s: got %v, want %v", name, got, fact.V)
				}
			}
			for _, name := range want.Forbidden_attributes {
				if got, ok := attrs[name]; ok {
					t.Errorf("%s: got %v, want none", name, got)
				}
			}
			if want.Span_name != nil && strings.TrimSpace(string(in.Operation)+" "+in.Request.Model) != *want.Span_name {
				t.Logf("lenient: name: got %s %s, want %s", in.Operation, in.Request.Model, *want.Span_name)
			}
		})
	}
	t.Logf("%d strict facts, %d lenient of which %d differ", strict, lenient, lenientWrong)
}

// known tells the attributes that a codec has no part in.
func known(name string) bool { return !strings.HasPrefix(name, "server.") }

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

// canonical is drive.py's reading of finish reasons.
func canonical(v any) []string {
	var words []string
	raw, _ := json.Marshal(v)
	_ = json.Unmarshal(raw, &words)
	for i, w := range words {
		switch w {
		case "stop", "completed", "eos":
			words[i] = "stop"
		case "length", "max_output_tokens", "model_length":
			words[i] = "length"
		case "tool_calls", "function_call":
			words[i] = "tool"
		case "failed":
			words[i] = "error"
		}
	}
	return words
}

func message(in *genai.Inference, name string, want any) (ok bool, got any) {
	text := func(parts []genai.Part, kinds ...genai.PartType) string {
		var s string
		for _, p := range parts {
			if slices.Contains(kinds, p.Type) {
				s += p.Text
			}
		}
		return s
	}
	flat := func(v any) string { return strings.Join(strings.Fields(fmt.Sprint(v)), " ") }
	switch name {
	case "input.roles":
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
	switch kind {
	case "text":
		s := text(parts, genai.TextPart)
		return flat(s) == flat(want), s
	case "reasoning":
		s := text(parts, genai.ReasoningPart)
		return flat(s) == flat(want), s
	case "refusal":
		s := text(parts, genai.RefusalPart)
		return flat(s) == flat(want), s
	case "tool_calls":
		var calls []genai.Part
		for _, p := range parts {
			if p.Type == genai.ToolCallPart {
				calls = append(calls, p)
			}
		}
		wanted := want.([]any)
		ok := len(calls) == len(wanted)
		for i := 0; ok && i < len(calls); i++ {
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
			ok = calls[i].Name == w["name"] && cmp.Equal(args, wantArgs) &&
				(w["id"] == nil || calls[i].ID == w["id"] || calls[i].ID == w["alt_id"])
		}
		return ok, calls
	}
	return false, nil
}
