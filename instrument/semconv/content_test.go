package semconv

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

func TestParseContent(t *testing.T) {
	tests := []struct {
		in   string
		want Content
	}{
		{"", NoContent},
		{"no_content", NoContent},
		{"NO_CONTENT", NoContent},
		{"False", NoContent},
		{"span_only", SpanOnly},
		{"Event_Only", EventOnly},
		{" SPAN_AND_EVENT ", SpanAndEvent},
		{"TRUE", SpanAndEvent},
	}
	for _, tt := range tests {
		if got, err := ParseContent(tt.in); err != nil || got != tt.want {
			t.Errorf("%q: got %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
	for _, c := range []Content{NoContent, SpanOnly, EventOnly, SpanAndEvent} {
		if got, err := ParseContent(c.String()); err != nil || got != c {
			t.Errorf("%v: got %v, %v back", c, got, err)
		}
	}
	for _, bad := range []string{"yes", "1", "span", "span-only"} {
		_, err := ParseContent(bad)
		if err == nil {
			t.Errorf("%q: got no error", bad)
			continue
		}
		for _, word := range []string{bad, "NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q: got %q, want %s named", bad, err, word)
			}
		}
	}
}

func TestKeepFollowsTheMode(t *testing.T) {
	for c, want := range map[Content]genai.Keep{
		NoContent: {}, SpanOnly: {Part: 65536, Call: 1048576}, EventOnly: {Part: 65536, Call: 1048576}, SpanAndEvent: {Part: 65536, Call: 1048576},
	} {
		if got := c.Keep(); got != want {
			t.Errorf("%v: got %+v, want %+v", c, got, want)
		}
	}
}

// chatContent is what [chat] says, by attribute.
var chatContent = map[string]string{
	"gen_ai.system_instructions": `[{"type":"text","content":"be brief"}]`,
	"gen_ai.input.messages":      `[{"role":"user","name":"ann","parts":[{"type":"text","content":"weather?"}]}]`,
	"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"sun"}],"finish_reason":"stop"},` +
		`{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"get_weather","arguments":{"city":"Paris","days":2}}],"finish_reason":"tool_call"}]`,
	"gen_ai.tool.definitions": `[{"type":"function","name":"get_weather","description":"tells the weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}]`,
}

func TestContentModes(t *testing.T) {
	tests := []struct {
		mode               Content
		emit               *bool
		span, event, sends bool
	}{
		{NoContent, nil, false, false, false},
		{SpanOnly, nil, true, false, false},
		{EventOnly, nil, false, true, true},
		{SpanAndEvent, nil, true, true, true},
		{NoContent, ptr(true), false, false, true},
		{SpanOnly, ptr(true), true, false, true},
		{EventOnly, ptr(false), false, false, false},
		{SpanAndEvent, ptr(false), true, false, false},
	}
	for _, tt := range tests {
		name := tt.mode.String()
		if tt.emit != nil {
			name += fmt.Sprintf(" emit %v", *tt.emit)
		}
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Content, c.EmitEvent = tt.mode, tt.emit })
			r.observe(chat())
			s := r.span(t)
			span := attrMap(s.Attributes)
			for k, want := range chatContent {
				switch got, ok := span[k]; {
				case ok != tt.span:
					t.Errorf("%s on the span: got %v, want %v", k, ok, tt.span)
				case ok && got != want:
					t.Errorf("%s on the span:\n got %v\nwant %v", k, got, want)
				}
			}
			events := r.logs.named(eventDetails)
			if len(events) != 0 != tt.sends {
				t.Fatalf("got %d events, want any: %v", len(events), tt.sends)
			}
			if !tt.sends {
				return
			}
			e := events[0]
			if e.SpanID() != s.SpanContext.SpanID() || e.TraceID() != s.SpanContext.TraceID() || !e.Timestamp().Equal(chat().Timing.End) {
				t.Errorf("got an event at %v in span %v, want it at the end of %v", e.Timestamp(), e.SpanID(), s.SpanContext.SpanID())
			}
			event := recordMap(e)
			for k, want := range chatContent {
				got, ok := event[k]
				if ok != tt.event {
					t.Errorf("%s on the event: got %v, want %v", k, ok, tt.event)
				}
				if diff := cmp.Diff(got, decoded(t, want)); ok && diff != "" {
					t.Errorf("%s on the event (-got +want):\n%s", k, diff)
				}
				delete(event, k)
				delete(span, k)
			}
			if diff := cmp.Diff(event, span); diff != "" {
				t.Errorf("other attributes (-event +span):\n%s", diff)
			}
		})
	}
}

func TestEmbeddingsSendNoDetails(t *testing.T) {
	r := newRig(t, withContent(SpanAndEvent))
	r.observe(embeddings())
	if n := len(r.logs.named(eventDetails)); n != 0 {
		t.Errorf("got %d events, want none", n)
	}
}

func TestEventOfAFailedCallNamesTheError(t *testing.T) {
	r := newRig(t, withContent(EventOnly))
	r.observe(failed())
	if got := recordMap(r.event(t, eventDetails))["error.type"]; got != "rate_limit_exceeded" {
		t.Errorf("got error.type %v, want rate_limit_exceeded", got)
	}
}

func TestNobodyListensNothingIsSent(t *testing.T) {
	r := newRig(t, withContent(SpanAndEvent))
	r.logs.deaf = true
	r.observe(failed())
	if len(r.logs.records) != 0 {
		t.Errorf("got %d records, want none", len(r.logs.records))
	}
}

// decoded is JSON as plain makes it: whole numbers are int64.
func decoded(t testing.TB, s string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return numbers(v)
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return plain(numberValue(v))
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

func TestPartsFollowTheSchemas(t *testing.T) {
	tests := []struct {
		name string
		part genai.Part
		want string
	}{
		{"text", genai.Part{Type: genai.TextPart, Text: "a \"b\"\n<c> é"}, `{"type":"text","content":"a \"b\"\n<c> é"}`},
		{"text may be empty", genai.Part{Type: genai.TextPart}, `{"type":"text","content":""}`},
		{"reasoning", genai.Part{Type: genai.ReasoningPart, Text: "hm"}, `{"type":"reasoning","content":"hm"}`},
		{"refusal is a generic part", genai.Part{Type: genai.RefusalPart, Text: "no"}, `{"type":"refusal","content":"no"}`},
		{
			"tool call",
			genai.Part{Type: genai.ToolCallPart, ID: "c1", Name: "f", Args: []byte(`{"a":[1,2.5,null,true,{}],"b":[]}`)},
			`{"type":"tool_call","id":"c1","name":"f","arguments":{"a":[1,2.5,null,true,{}],"b":[]}}`,
		},
		{"tool call without arguments", genai.Part{Type: genai.ToolCallPart, Name: "f"}, `{"type":"tool_call","name":"f"}`},
		{
			"arguments that are no JSON are a string",
			genai.Part{Type: genai.ToolCallPart, Name: "f", Args: []byte(`{"a":`)},
			`{"type":"tool_call","name":"f","arguments":"{\"a\":"}`,
		},
		{"two JSON values are no JSON", genai.Part{Type: genai.ToolCallPart, Name: "f", Args: []byte(`{} {}`)}, `{"type":"tool_call","name":"f","arguments":"{} {}"}`},
		{
			"tool response",
			genai.Part{Type: genai.ToolCallResponsePart, ID: "c1", Result: []byte(`"sunny"`)},
			`{"type":"tool_call_response","id":"c1","response":"sunny"}`,
		},
		{"tool response without a result", genai.Part{Type: genai.ToolCallResponsePart, ID: "c1"}, `{"type":"tool_call_response","id":"c1","response":""}`},
		{
			"server tool call with the provider's type",
			genai.Part{Type: genai.ServerToolCallPart, ID: "ws", Name: "web_search", Args: []byte(`{"type":"search","query":"q"}`)},
			`{"type":"server_tool_call","id":"ws","name":"web_search","server_tool_call":{"type":"search","query":"q"}}`,
		},
		{
			"server tool call without one",
			genai.Part{Type: genai.ServerToolCallPart, Name: "web_search", Args: []byte(`{"query":"q"}`)},
			`{"type":"server_tool_call","name":"web_search","server_tool_call":{"type":"web_search","arguments":{"query":"q"}}}`,
		},
		{
			"server tool call without anything",
			genai.Part{Type: genai.ServerToolCallPart, Name: "web_search"},
			`{"type":"server_tool_call","name":"web_search","server_tool_call":{"type":"web_search"}}`,
		},
		{
			"server tool response",
			genai.Part{Type: genai.ServerToolResponsePart, ID: "ws", Name: "web_search", Result: []byte(`["r"]`)},
			`{"type":"server_tool_call_response","id":"ws","server_tool_call_response":{"type":"web_search","result":["r"]}}`,
		},
		{
			"server tool response of no name",
			genai.Part{Type: genai.ServerToolResponsePart},
			`{"type":"server_tool_call_response","server_tool_call_response":{"type":"unknown"}}`,
		},
		{
			"blob with data",
			genai.Part{Type: genai.BlobPart, Modality: "image", MIME: "image/png", Text: "AAAA", Size: 3},
			`{"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}`,
		},
		{
			"blob without data says how much there was",
			genai.Part{Type: genai.BlobPart, MIME: "audio/wav", Size: 12345},
			`{"type":"blob","modality":"audio","mime_type":"audio/wav","content":"","size":12345}`,
		},
		{"uri", genai.Part{Type: genai.URIPart, Modality: "image", URI: "https://a/b.png"}, `{"type":"uri","modality":"image","uri":"https://a/b.png"}`},
		{"file", genai.Part{Type: genai.FilePart, FileID: "file-1"}, `{"type":"file","modality":"document","file_id":"file-1"}`},
		{"unknown part", genai.Part{Type: "hologram", ID: "h", Name: "n", Raw: []byte(`{"x":1}`)}, `{"type":"hologram","id":"h","name":"n","content":{"x":1}}`},
		{"unknown part that was cut", genai.Part{Type: "hologram", Raw: []byte(`{"x":`)}, `{"type":"hologram","content":"{\"x\":"}`},
		{"unknown part of text", genai.Part{Type: "hologram", Text: "t"}, `{"type":"hologram","content":"t"}`},
		{"no type at all", genai.Part{}, `{"type":"unknown"}`},
		{
			"a number that no value can hold",
			genai.Part{Type: genai.ToolCallPart, Name: "f", Args: []byte(`[12345678901234567890]`)},
			`{"type":"tool_call","name":"f","arguments":[12345678901234567890]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var j jsonWriter
			writePart(&j, &tt.part)
			if got := string(j.buf); got != tt.want {
				t.Errorf("JSON:\n got %s\nwant %s", got, tt.want)
			}
			v := valueWriter{left: maxNodes}
			writePart(&v, &tt.part)
			if diff := cmp.Diff(plain(v.take()), decoded(t, tt.want)); diff != "" {
				t.Errorf("value (-got +want):\n%s", diff)
			}
		})
	}
}

func TestMessagesFollowTheSchemas(t *testing.T) {
	in := &genai.Inference{
		Input:  []genai.Message{{}, {Role: "tool", Parts: []genai.Part{}}},
		Output: []genai.Message{{}, {FinishReason: "tool_calls"}, {FinishReason: "recitation"}, {}},
	}
	in.Response.FinishReasons = []string{"length"}
	write := func(f func(writer, *genai.Inference)) string {
		var w jsonWriter
		f(&w, in)
		return string(w.buf)
	}
	if got, want := write(writeInput), `[{"role":"user","parts":[]},{"role":"tool","parts":[]}]`; got != want {
		t.Errorf("input:\n got %s\nwant %s", got, want)
	}
	output := func(last string) string {
		return `[{"role":"assistant","parts":[],"finish_reason":"length"},{"role":"assistant","parts":[],"finish_reason":"tool_call"},` +
			`{"role":"assistant","parts":[],"finish_reason":"recitation"},{"role":"assistant","parts":[],"finish_reason":"` + last + `"}]`
	}
	if got, want := write(writeOutput), output("unknown"); got != want {
		t.Errorf("output:\n got %s\nwant %s", got, want)
	}
	in.Response.Status = "queued"
	if got, want := write(writeOutput), output("queued"); got != want {
		t.Errorf("output of an answer that is queued:\n got %s\nwant %s", got, want)
	}
	in.Error = &genai.Error{}
	if got, want := write(writeOutput), output("error"); got != want {
		t.Errorf("output of a failed call:\n got %s\nwant %s", got, want)
	}
}

func TestToolDefinitionsAreFlat(t *testing.T) {
	in := &genai.Inference{Tools: []genai.Tool{
		{Name: "f"},
		{Type: "web_search"},
		{Type: "function", Name: "g", Parameters: []byte(` {"type":"object"}`)},
		{Type: "function", Name: "cut", Parameters: []byte(`"{\"type\":\"obj…"`)},
		{Type: "function", Name: "broken", Parameters: []byte(`{"type":`)},
	}}
	var w jsonWriter
	writeTools(&w, in)
	want := `[{"type":"function","name":"f"},{"type":"web_search","name":"web_search"},` +
		`{"type":"function","name":"g","parameters": {"type":"object"}},{"type":"function","name":"cut"},{"type":"function","name":"broken"}]`
	if got := string(w.buf); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// depth is how deep v is nested.
func depth(v attribute.Value) int {
	deepest := 0
	switch v.Type() {
	case attribute.SLICE:
		for _, x := range v.AsSlice() {
			deepest = max(deepest, depth(x))
		}
	case attribute.MAP:
		for _, x := range v.AsMap() {
			deepest = max(deepest, depth(x.Value))
		}
	}
	return deepest + 1
}

func TestStructuredValuesAreBounded(t *testing.T) {
	raw := func(left int, s string) (attribute.Value, int) {
		w := valueWriter{left: left}
		w.raw(json.RawMessage(s))
		return w.take(), w.left
	}
	deep := strings.Repeat(`{"a":[`, 200) + `"<x>"` + strings.Repeat(`]}`, 200)
	v, _ := raw(maxNodes, deep)
	if d := depth(v); d != maxDepth+1 {
		t.Errorf("got depth %d, want %d", d, maxDepth+1)
	}
	for v.Type() != attribute.STRING { // down to the string of JSON
		if v.Type() == attribute.MAP {
			v = v.AsMap()[0].Value
		} else {
			v = v.AsSlice()[0]
		}
	}
	if s := v.AsString(); !json.Valid([]byte(s)) || !strings.Contains(s, `"<x>"`) {
		t.Errorf("got %q past the depth, want the rest as JSON", s)
	}
	if v, _ := raw(maxNodes, strings.Repeat("[", 201)+strings.Repeat("]", 201)); depth(v) != maxDepth+1 {
		t.Errorf("got depth %d of arrays, want %d", depth(v), maxDepth+1)
	}
	wide := "[0" + strings.Repeat(",0", maxNodes) + "]"
	if v, left := raw(maxNodes, wide); v.Type() != attribute.STRING || v.AsString() != wide || left != maxNodes {
		t.Errorf("got type %v and %d nodes left of a wide value, want it as a string that takes none", v.Type(), left)
	}
	if v, left := raw(3, `[1]`); v.Type() != attribute.SLICE || left != 1 {
		t.Errorf("got type %v and %d left, want a slice and 1", v.Type(), left)
	}
	for number, want := range map[string]attribute.Value{
		"7": attribute.Int64Value(7), "0.5": attribute.Float64Value(0.5), "1e999": attribute.StringValue("1e999"),
	} {
		if v, _ := raw(maxNodes, number); v != want {
			t.Errorf("%s: got %v, want %v", number, v, want)
		}
	}
	if v, _ := raw(3, `{"a":{"b":1}}`); v.AsString() != `{"a":{"b":1}}` {
		t.Errorf("got %v of an object with no room, want a string", v)
	}
	if v, _ := raw(2, `[1]`); v.AsString() != `[1]` {
		t.Errorf("got %v with no room left, want a string", v)
	}
}

func TestBrokenTextBreaksNothing(t *testing.T) {
	bad := "a\xffb\x00\x1f"
	in := chat()
	in.Request.Model, in.Response.ID, in.Provider = bad, bad, bad
	in.Request.StopSequences, in.Response.FinishReasons = []string{bad}, []string{bad}
	in.Error = &genai.Error{Type: bad, Message: bad}
	in.Server.Address = bad
	in.Extra = []genai.Attr{{Key: "x", Value: bad}}
	in.Input[0].Parts = []genai.Part{
		{Type: genai.PartType(bad), Raw: []byte(bad)},
		{Type: genai.ToolCallPart, Name: bad, Args: []byte(`"` + "\xff" + `"`)},
		{Type: genai.TextPart, Text: bad},
		{Type: genai.ToolCallPart, Name: bad, Args: []byte(`{"` + "\xff" + `":1}`)},
	}
	in.Tools[0].Description = bad
	r := newRig(t, withContent(SpanAndEvent))
	r.observe(in)
	s := r.span(t)
	for k, v := range attrMap(s.Attributes) {
		checkUTF8(t, "span "+k, v)
		if strings.HasPrefix(k, "gen_ai.") && chatContent[k] != "" && !json.Valid([]byte(v.(string))) {
			t.Errorf("%s: not JSON: %q", k, v)
		}
	}
	checkUTF8(t, "name", s.Name)
	checkUTF8(t, "status", s.Status.Description)
	for _, e := range r.logs.records {
		for k, v := range recordMap(e) {
			checkUTF8(t, e.EventName()+" "+k, v)
		}
	}
	for _, p := range r.seconds(t, metricDuration) {
		for k, v := range setMap(p.Attributes) {
			checkUTF8(t, "metric "+k, v)
		}
	}
}

func checkUTF8(t *testing.T, where string, v any) {
	t.Helper()
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			t.Errorf("%s: got %q, which protobuf refuses", where, v)
		}
	case []string:
		for _, s := range v {
			checkUTF8(t, where, s)
		}
	case []any:
		for _, x := range v {
			checkUTF8(t, where, x)
		}
	case map[string]any:
		for k, x := range v {
			checkUTF8(t, where, k)
			checkUTF8(t, where+"."+k, x)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\\n\r\t\x00\x7f", "é\u2028\U0001F600", "\xff\xc3", "<&>"} {
		f.Add(s)
	}
	for _, x := range sharedtest.Seeds(f) {
		f.Add(string(x.Response.Body))
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := appendString(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil || !utf8.Valid(b) {
			t.Fatalf("%q: got %q, %v", s, b, err)
		}
		if want := strings.ToValidUTF8(s, "\uFFFD"); got != want && strings.Map(single, got) != strings.Map(single, want) {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	})
}

// single drops replacement runes: a run of broken bytes is one for
// strings.ToValidUTF8 and one a byte for JSON.
func single(r rune) rune {
	if r == utf8.RuneError {
		return -1
	}
	return r
}

func FuzzContentIsAlwaysValid(f *testing.F) {
	f.Add("text", "hi", `{"a":1}`)
	f.Add("tool_call", "f", `{"a":`)
	f.Add("server_tool_call", "\xff", `{"type":"x","y":[[[]]]}`)
	f.Add("hologram", "", "\xff")
	for _, x := range sharedtest.Seeds(f) {
		f.Add("tool_call", "f", string(x.Request.Body))
	}
	f.Fuzz(func(t *testing.T, kind, text, raw string) {
		in := &genai.Inference{
			System: []genai.Part{{Type: genai.PartType(kind), Text: text}},
			Input: []genai.Message{{Role: text, Parts: []genai.Part{{
				Type: genai.PartType(kind), ID: text, Name: text, Text: text, URI: text, FileID: text,
				Args: []byte(raw), Result: []byte(raw), Raw: []byte(raw),
			}}}},
			Tools: []genai.Tool{{Type: kind, Name: text, Parameters: []byte(raw)}},
		}
		for _, a := range contentJSON(nil, in) {
			if s := a.Value.AsString(); !json.Valid([]byte(s)) || !utf8.ValidString(s) {
				t.Errorf("%s: got %q", a.Key, s)
			}
		}
		for _, a := range contentValues(nil, in) {
			checkUTF8(t, string(a.Key), plain(a.Value))
			if d := depth(a.Value); d > maxDepth+6 {
				t.Errorf("%s: got depth %d", a.Key, d)
			}
		}
	})
}
