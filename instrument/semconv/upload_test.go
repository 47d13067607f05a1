package semconv

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

type taken map[string]string

func (u taken) Put(name string, data []byte, _ bool) string {
	u[name] = string(data)
	return "file:///" + name
}

func TestUploadedContentIsThatOfTheAttributes(t *testing.T) {
	want := map[string]any{}
	for _, a := range contentJSON(nil, chat()) {
		var v any
		if err := json.Unmarshal([]byte(a.Value.AsString()), &v); err != nil {
			t.Fatal(err)
		}
		want[string(a.Key)] = v
	}
	for _, lines := range []bool{false, true} {
		u := taken{}
		o := &Observer{uploader: u, lines: lines}
		refs := o.upload(chat())
		if len(refs) != len(want) || len(u) != len(want) {
			t.Fatalf("%d references, %d documents, want %d", len(refs), len(u), len(want))
		}
		for _, ref := range refs {
			key := strings.TrimSuffix(string(ref.Key), "_ref")
			data := u[strings.TrimPrefix(ref.Value.AsString(), "file:///")]
			var got any
			if lines {
				var list []any
				for line := range strings.Lines(data) {
					var item map[string]any
					if err := json.Unmarshal([]byte(line), &item); err != nil {
						t.Fatalf("%q: %v", line, err)
					}
					if item["index"] != float64(len(list)) {
						t.Errorf("index %v of line %d", item["index"], len(list))
					}
					delete(item, "index")
					list = append(list, item)
				}
				got = list
			} else if err := json.Unmarshal([]byte(data), &got); err != nil {
				t.Fatalf("%q: %v", data, err)
			}
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(want[key])
			if string(a) != string(b) {
				t.Errorf("%s: got %s, want %s", key, a, b)
			}
		}
	}
}

func TestInstructionsAndToolsAreUploadedUnderTheirHash(t *testing.T) {
	names := func() []string {
		u := taken{}
		(&Observer{uploader: u}).upload(chat())
		return slices.Sorted(maps.Keys(u))
	}
	first, second := names(), names()
	same := 0
	for _, name := range first {
		if slices.Contains(second, name) {
			same++
			if !strings.HasSuffix(name, "_system_instruction.json") && !strings.HasSuffix(name, "_tool.definitions.json") {
				t.Errorf("%s is put twice", name)
			}
		}
	}
	if same != 2 {
		t.Errorf("%v and %v", first, second)
	}
}

func TestNothingIsUploadedOfACallWithoutContent(t *testing.T) {
	u := taken{}
	o, err := New(Config{Uploader: u})
	if err != nil {
		t.Fatal(err)
	}
	in := &genai.Inference{Operation: genai.Chat}
	o.Start(context.Background(), in).End(in)
	if len(u) != 0 {
		t.Errorf("%v", u)
	}
}
