package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

func array10(s Sink) Framer { return Array(s, 10) }

func TestArrayDeliversEachElement(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want []event
	}{
		"objects":               {"[{\"a\":1}\n,\r\n{\"b\":2}]", []event{{Data: `{"a":1}`}, {Data: `{"b":2}`}}},
		"what is nested":        {`[{"a":[1]},[2]]`, []event{{Data: `{"a":[1]}`}, {Data: `[2]`}}},
		"strings hide brackets": {`["],[",{"\"":"}"}]`, []event{{Data: `"],["`}, {Data: `{"\"":"}"}`}}},
		"nothing":               {` [ ] `, nil},
		"what follows the end":  {`[1] [2]`, []event{{Data: "1"}}},
		"no end":                {`[1, {"a":`, []event{{Data: "1"}, {Data: `{"a":`}}},
		"no element at the end": {`[1, `, []event{{Data: "1"}}},
		"more than is held":     {`[{"a":"` + strings.Repeat("x", 9000) + `"}, 2]`, []event{{Cut: true}, {Data: "2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			for split, pieces := range splits([]byte(tt.body)) {
				got := frame(t, array10, pieces)
				for i := range got {
					if got[i].Cut {
						if !json.Valid([]byte(got[i].Data)) {
							t.Errorf("%s: %q is no JSON", split, got[i].Data)
						}
						got[i].Data = ""
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: -want +got:\n%s", split, diff)
				}
			}
		})
	}
}

// The elements come as soon as each is whole, not at the end.
func TestArrayDeliversAtOnce(t *testing.T) {
	var got recorder
	f := Array(&got, MaxEvent)
	for i, piece := range []string{`[{"a":1}`, `,{"b":`, `2}`, `,`, `3]`} {
		_, _ = f.Write([]byte(piece))
		if want := []int{0, 1, 1, 2, 3}[i]; len(got) != want {
			t.Errorf("after %q: %d elements, want %d", piece, len(got), want)
		}
	}
	_ = f.Close()
}

// Whatever comes, the split never matters; of an array, the elements are those
// that encoding/json finds.
func FuzzArray(f *testing.F) {
	f.Add([]byte(`[{"a":"]"},2,[3]]`), []byte{1, 1, 2})
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte("["+string(x.Response.Body)+","+string(x.Request.Body)+"]"), []byte{1, 200, 7})
	}
	f.Fuzz(func(t *testing.T, body, cuts []byte) {
		open := func(s Sink) Framer { return Array(s, MaxEvent) }
		whole := frame(t, open, [][]byte{body})
		if diff := cmp.Diff(whole, frame(t, open, cutAt(body, cuts))); diff != "" {
			t.Fatalf("-whole +split:\n%s", diff)
		}
		var elements []json.RawMessage
		if len(body) > MaxEvent || json.Unmarshal(body, &elements) != nil {
			return
		}
		if len(whole) != len(elements) {
			t.Fatalf("%d events of %d elements", len(whole), len(elements))
		}
		for i := range whole {
			if whole[i].Data != string(elements[i]) {
				t.Fatalf("got %s, want %s", whole[i].Data, elements[i])
			}
		}
	})
}
