package codec

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// FuzzScan compares with two readers of JSON that know nothing of each other:
// what is well-formed is what encoding/json says, and what stands in it is what
// gjson finds. Of anything else no more is asked than to end.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{"a":"plain","b":[1,-2.5e+3,0.1,true,false,null],"c":{"d":{}},"e":[]}`,
		` { "a\n\u00e9" : "\"\\\/\b\u0041" , "long" : "` + strings.Repeat("0123456é", 9) + `" } `,
		`[[[1],[{"x":"]}"}]],"]"]`,
		`{"a":"`, `{"a":1,}`, `{"a":01}`, `[1 2]`, `{"a" "b"}`, `{"a":tru}`, `"\u12g4"`, "\"a\tb\"", `{"a":-}`, `1.`, `{} x`, `[,]`,
		`{"a":[1,2`, `{"a":{"b":"c`, `{"a":"b\`, "", `]`, `{"a":}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		well := wellFormed(s)
		if valid := json.Valid([]byte(s)); well != valid && !deep(s) {
			t.Fatalf("well-formed: %v, encoding/json says %v: %q", well, valid, s)
		}
		same(t, gjson.Result{Type: gjson.JSON, Raw: strings.TrimSpace(s)}, well)
	})
}

// same compares what Range and ForEach find in v where it is well-formed.
func same(t *testing.T, v gjson.Result, well bool) {
	type pair struct{ key, value gjson.Result }
	var have, want []pair
	Range(v, func(k, e gjson.Result) bool {
		have = append(have, pair{k, e})
		return true
	})
	if !well || !v.IsObject() && !v.IsArray() {
		return
	}
	v.ForEach(func(k, e gjson.Result) bool {
		want = append(want, pair{k, e})
		return true
	})
	if len(have) != len(want) {
		t.Fatalf("%d members, gjson finds %d: %q", len(have), len(want), v.Raw)
	}
	alike := func(a, b gjson.Result) bool {
		return a.Type == b.Type && a.Str == b.Str && a.Num == b.Num && strings.TrimSpace(a.Raw) == strings.TrimSpace(b.Raw)
	}
	for i := range have {
		if v.IsObject() && !alike(have[i].key, want[i].key) || !alike(have[i].value, want[i].value) {
			t.Fatalf("member %d is %+v, gjson finds %+v", i, have[i], want[i])
		}
		same(t, have[i].value, well)
	}
}

func TestWellFormedIsBoundedInDepth(t *testing.T) {
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if !wellFormed(nest(maxDepth)) || wellFormed(nest(maxDepth+1)) || wellFormed(strings.Repeat("[", 1<<20)) {
		t.Error("the bound of the depth is not maxDepth")
	}
}

func BenchmarkDocument(b *testing.B) {
	body := []byte(`{"model":"gpt-5","messages":[{"role":"user","content":"` + strings.Repeat("a long prompt ", 4000) + `"}],"temperature":0.5}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		doc, err := Document(body)
		if err != nil {
			b.Fatal(err)
		}
		Range(doc, func(_, v gjson.Result) bool { return v.Exists() })
	}
}
