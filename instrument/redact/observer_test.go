package redact

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// record keeps what an observer is shown.
type record struct{ start, update, end *genai.Inference }

func (r *record) Start(_ context.Context, in *genai.Inference) genai.Observation {
	r.start = in
	return r
}
func (r *record) Update(in *genai.Inference) { r.update = in }
func (r *record) End(in *genai.Inference)    { r.end = in }

// show passes in by an Observer in all three steps.
func show(r *Rules, in *genai.Inference) *record {
	got := &record{}
	o := Observer(got, r).Start(context.Background(), in)
	o.Update(in)
	o.End(in)
	return got
}

// fill puts text into every string of v that is exported.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.Struct {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), text)
		}
	case reflect.Slice:
		switch v.Type() {
		case reflect.TypeFor[json.RawMessage]():
			quoted, _ := json.Marshal(map[string]any{text: []string{text}})
			v.SetBytes(quoted)
		default:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range 2 {
				fill(v.Index(i), text)
			}
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf([]string{text}))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().PkgPath() != "time" {
				fill(v.Field(i), text)
			}
		}
	}
}

// A field that somebody adds to the record is covered, or this fails.
func TestEveryStringOfARecordIsRedacted(t *testing.T) {
	const secret, mail = "canary-credential", "bob@example.com"
	// Ours, or the name of a host, and no text of the wire.
	ours := []string{"Operation", "Provider", "API", "Server", "Cuts"}
	in := &genai.Inference{}
	fill(reflect.ValueOf(in).Elem(), "x "+secret+" "+mail+" y, and so on: "+strings.Repeat("word ", 30))
	for _, name := range ours {
		v := reflect.ValueOf(in).Elem().FieldByName(name)
		v.SetZero()
	}
	for i := range in.Extra {
		in.Extra[i].Key = "vendor.attribute"
	}
	in.Hide(secret)
	before := dump(t, in)
	got := show(rules(t, "email"), in)
	for step, out := range map[string]*genai.Inference{"start": got.start, "update": got.update, "end": got.end} {
		text := dump(t, out)
		if strings.Contains(text, secret) || strings.Contains(text, mail) {
			t.Errorf("%s shows it:\n%s", step, text)
		}
		if !strings.Contains(text, "[redacted]") || !strings.Contains(text, "[redacted:email]") {
			t.Errorf("%s has no marks:\n%s", step, text)
		}
	}
	if after := dump(t, in); after != before {
		t.Errorf("the record that others see was altered:\n%s", cmp.Diff(before, after))
	}
}

func dump(t *testing.T, in *genai.Inference) string {
	t.Helper()
	b, err := json.MarshalIndent(in, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecordWithNothingToHidePassesAsItIs(t *testing.T) {
	in := &genai.Inference{
		Operation: genai.Chat, Provider: "openai", Server: genai.Server{Address: "10.0.0.1", Port: 443},
		Request: genai.Request{Model: "gpt-4o-2024-08-06", StopSequences: []string{"END"}},
		Input:   []genai.Message{{Role: "user", Parts: []genai.Part{{Type: genai.TextPart, Text: "hello"}}}},
		Output:  []genai.Message{{Role: "assistant", Parts: []genai.Part{{Type: genai.ToolCallPart, Args: json.RawMessage(`{"a": 1}`)}}}},
		Error:   &genai.Error{Type: "rate_limit_exceeded", Message: "Rate limit reached for gpt-4o in organization org-abc on tokens per min"},
		Extra:   []genai.Attr{{Key: "k", Value: int64(3)}},
	}
	in.Hide("canary-credential")
	for _, r := range []*Rules{nil, rules(t, "all")} {
		if diff := cmp.Diff(in, show(r, in).end, cmpopts.IgnoreUnexported(genai.Inference{})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestErrorTextsShowNoKeysWhateverTheRules(t *testing.T) {
	for _, tt := range []struct{ give, want string }{
		{"Incorrect API key provided: sk-abc12***********wxyz. You can find", "Incorrect API key provided: [redacted] You can find"},
		{"Incorrect API key provided: my-own-k*****1234.", "Incorrect API key provided: [redacted]"},
		{"invalid x-api-key xai-abcd1234", "invalid x-api-key [redacted]"},
		{"bad header Bearer tok.en", "bad header Bearer [redacted]"},
		{"Bearer canary-credential is wrong", "Bearer [redacted] is wrong"},
		{`Post "https://me:pass@api.example.com/v1/x?api_key=abc&b=c#f": EOF`, `Post "https://[redacted]@api.example.com/v1/x?[redacted]": EOF`},
		{`proxyconnect tcp: dial http://u@h:1: refused`, `proxyconnect tcp: dial http://[redacted]@h:1: refused`},
		{"dial tcp 127.0.0.1:1: connect: connection refused", "dial tcp 127.0.0.1:1: connect: connection refused"},
		{"a **bold** word and *** stars, https://h/path", "a **bold** word and *** stars, https://h/path"},
	} {
		in := &genai.Inference{Error: &genai.Error{Type: "invalid_api_key", Message: tt.give}}
		in.Hide("canary-credential")
		got := show(nil, in).end.Error
		if got.Message != tt.want || got.Type != "invalid_api_key" {
			t.Errorf("%s\n got %s\nwant %s", tt.give, got.Message, tt.want)
		}
	}
}

// stream is the record of an answer of which text has come.
func stream(text string) *genai.Inference {
	return &genai.Inference{
		Request: genai.Request{Stream: true},
		Output:  []genai.Message{{Parts: []genai.Part{{Type: genai.TextPart, Text: text}}}},
	}
}

func TestGrowingTextIsShownUpToWhatMayBeHalfAMatch(t *testing.T) {
	r := rules(t, "all\nre:SECRET[0-9]{6}").Hide("canary-credential")
	lead := strings.Repeat("once upon a time, ", 10)
	text := lead + "mail bob.smith@example.com or pay 4111 1111 1111 1111 with sk-proj-Ab3dEf6hIj9lMn0pQr, canary-credential, SECRET123456" + strings.Repeat(" and so on", 20)
	got := &record{}
	o := Observer(got, r).Start(context.Background(), stream(""))
	most := 0
	final := r.Text(text)
	for n := range len(text) + 1 {
		o.Update(stream(text[:n]))
		shown := got.update.Output[0].Parts[0].Text
		if !strings.HasPrefix(final, shown) {
			t.Fatalf("after %q the view shows %q", text[max(0, n-30):n], shown[max(0, len(shown)-30):])
		}
		most = max(most, len(shown))
	}
	if most < len(final)-200 {
		t.Errorf("of %d bytes only %d were ever shown", len(final), most)
	}
	o.End(stream(text))
	if end := got.end.Output[0].Parts[0].Text; end != final {
		t.Errorf("the end shows %q, want %q", end, final)
	}
}

func TestArgumentsThatGrowAreLeftOutUntilTheyAreWhole(t *testing.T) {
	r := rules(t, "email,card")
	for _, tt := range []struct{ args, update, end string }{
		{`"{\"to\":\"bob@exam"`, ``, `"{\"to\":\"bob@exam"`},
		{`41111111`, ``, `41111111`},
		{`{"to":"bob@example.com"}`, `{"to":"[redacted:email]"}`, `{"to":"[redacted:email]"}`},
	} {
		in := stream("")
		in.Output[0].Parts[0] = genai.Part{Type: genai.ToolCallPart, Args: json.RawMessage(tt.args)}
		got := show(r, in)
		if u, e := string(got.update.Output[0].Parts[0].Args), string(got.end.Output[0].Parts[0].Args); u != tt.update || e != tt.end {
			t.Errorf("%s: update %s, end %s; want %s, %s", tt.args, u, e, tt.update, tt.end)
		}
	}
}

func TestStreamThatWasCutShowsNoHalfMatch(t *testing.T) {
	lead := strings.Repeat("once upon a time, ", 10)
	r := rules(t, "email")
	in := stream(lead + "bob@exam")
	if got := show(r, in).end.Output[0].Parts[0].Text; got != lead+"bob@exam" {
		t.Errorf("whole: got %q", got)
	}
	in.Cut(genai.CutStream)
	got := show(r, in).end.Output[0].Parts[0].Text
	if strings.Contains(got, "bob") || !strings.HasSuffix(got, genai.Mark) {
		t.Errorf("cut: got %q", got)
	}
	if got := show(nil, in).end.Output[0].Parts[0].Text; got != lead+"bob@exam" {
		t.Errorf("without rules: got %q", got)
	}
	in.Output[0].Parts[0] = genai.Part{Type: genai.ToolCallPart, Args: json.RawMessage(`"{\"to\":\"bob@exam"`)}
	if got := show(r, in).end.Output[0].Parts[0].Args; strings.Contains(string(got), "bob") || !json.Valid(got) {
		t.Errorf("arguments: got %s", got)
	}
}

func TestRequestIsReadAnewWhenItChanges(t *testing.T) {
	got := &record{}
	in := &genai.Inference{Input: []genai.Message{{Parts: []genai.Part{{Text: "a@b.co"}}}}}
	o := Observer(got, rules(t, "email")).Start(context.Background(), in)
	o.Update(in)
	later := *in
	later.Input = []genai.Message{{Parts: []genai.Part{{Text: "c@d.co, later"}}}}
	o.End(&later)
	if text := got.end.Input[0].Parts[0].Text; text != "[redacted:email], later" {
		t.Errorf("got %q", text)
	}
}
