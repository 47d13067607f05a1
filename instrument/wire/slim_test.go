package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// cut is what a long string of "x" becomes.
func cut(keep int) string { return long(keep) + genai.Mark }

// slimmed writes body through a slim in pieces.
func slimmed(soft, hard int, pieces ...[]byte) *slim {
	s := newSlim(soft, hard)
	for _, p := range pieces {
		s.write(p)
	}
	return s
}

func TestSlim(t *testing.T) {
	tests := []struct {
		name       string
		soft, hard int
		in, want   string
	}{
		{"a small document loses its white space only", 1 << 20, 2 << 20, " { \"a\" : [ 1 , -2.5e+3 , true , null , \"x y\" ] ,\n\t\"b\" : { } , \"c\":[ ] } ", `{"a":[1,-2.5e+3,true,null,"x y"],"b":{},"c":[]}`},
		{"a long string is shortened", 1 << 20, 2 << 20, `{"a":"` + long(16<<10+1) + `","b":1}`, `{"a":"` + cut(4096) + `","b":1}`},
		{"a string of just the length is not", 1 << 20, 2 << 20, `["` + long(16<<10) + `"]`, `["` + long(16<<10) + `"]`},
		{"a long key is shortened", 1 << 20, 2 << 20, `{"` + long(20_000) + `":1}`, `{"` + cut(4096) + `":1}`},
		{"past the first bound strings are shortened harder", 30, 9000, `{"k":"` + long(30) + `","a":"` + long(300) + `","b":"` + long(256) + `"}`, `{"k":"` + long(30) + `","a":"` + cut(128) + `","b":"` + long(256) + `"}`},
		{
			"past it the rest of an array goes, and what is behind it is found", 20, 9000,
			`{"output":[{"n":1},{"n":2},{"n":3,"x":["]\"",{}]}],"usage":{"details":{"cached":7}},"more":[1]}`,
			`{"output":[{"n":1},{"n":2}],"usage":{"details":{"cached":7}},"more":[]}`,
		},
		{"elements of the outermost array stay", 5, 9000, `[{"c":[1,2]},{"c":[1,2]},{"c":[1],"usage":3}]`, `[{"c":[]},{"c":[]},{"c":[],"usage":3}]`},
		{"past the second bound the document is closed", 10, 20, `{"aaaaaaaa":{"bbbbbbb":{"c":1,"d":2},"e":3}}`, `{"aaaaaaaa":{"bbbbbbb":null}}`},
		{"a long number is left out", 1 << 20, 2 << 20, `[1` + strings.Repeat("0", 100) + `,2]`, `[null,2]`},
		{"deep nesting is left out", 1 << 20, 2 << 20, `{"a":` + strings.Repeat("[", 1000) + `"]"` + strings.Repeat("]", 1000) + `,"b":1}`, `{"a":` + strings.Repeat("[", 255) + "null" + strings.Repeat("]", 255) + `,"b":1}`},
		{"a number alone", 1 << 20, 2 << 20, ` -12 `, `-12`},
		{"a long number alone", 1 << 20, 2 << 20, strings.Repeat("1", 65), `null`},
		{"a string alone", 1 << 20, 2 << 20, `"a\"b\\"`, `"a\"b\\"`},

		{"cut off in a string", 1 << 20, 2 << 20, `{"a":["b\u00`, `{"a":["b` + genai.Mark + `"]}`},
		{"cut off in a key", 1 << 20, 2 << 20, `{"a":1,"b`, `{"a":1,"b` + genai.Mark + `":null}`},
		{"cut off behind a key", 1 << 20, 2 << 20, `{"a"`, `{"a":null}`},
		{"cut off behind a colon", 1 << 20, 2 << 20, `{"a":`, `{"a":null}`},
		{"cut off in a number", 1 << 20, 2 << 20, `{"a":12`, `{"a":null}`},
		{"cut off in a number in an array", 1 << 20, 2 << 20, `[1,12`, `[1]`},
		{"cut off behind a comma", 1 << 20, 2 << 20, `{"a":[1,`, `{"a":[1]}`},
		{"cut off in what is left out", 1, 2000, `{"a":[[1],"b`, `{"a":[]}`},
		{"cut off in a shortened string", 1 << 20, 2 << 20, `["` + long(20_000), `["` + cut(4096) + `"]`},

		{"malformed: what was read stays", 1 << 20, 2 << 20, `{"a":1,"b":tru,"c":2}`, `{"a":1,"b":null}`},
		{"malformed: crossed brackets", 1 << 20, 2 << 20, `{"a":[1}`, `{"a":[1]}`},
		{"malformed: a second document", 1 << 20, 2 << 20, `{"a":1} {"b":2}`, `{"a":1}`},
		{"malformed: no comma", 1 << 20, 2 << 20, `{"a":1 "b":2}`, `{"a":1}`},
		{"malformed: no colon", 1 << 20, 2 << 20, `{"a" 1}`, `{"a":null}`},
		{"malformed: a key that is none", 1 << 20, 2 << 20, `{1:1}`, `{}`},
		{"malformed: a leading zero", 1 << 20, 2 << 20, `[01]`, `[]`},
		{"not JSON at all", 1 << 20, 2 << 20, `<html>`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want != "" && !json.Valid([]byte(tt.want)) {
				t.Fatal("the wanted document is not JSON")
			}
			for name, pieces := range splits([]byte(tt.in)) {
				s := newSlim(tt.soft, tt.hard)
				for _, p := range pieces {
					s.write(p)
					s.bytes() // looking doesn't change what comes
				}
				if got := string(s.bytes()); got != tt.want {
					t.Errorf("%s: got %.300s, want %.300s", name, got, tt.want)
				}
			}
		})
	}
}

func TestSlimCutsNoCharacterInTwo(t *testing.T) {
	for _, unit := range []string{"é", "€", "😀", `\n`, `\"`, `\\`, `\u00e9`, `\ud83d\ude00`, `\uD83D\uDE00`, "é\\u20ac😀\\\\"} {
		for shift := range 12 {
			in := `["` + long(shift) + strings.Repeat(unit, 20_000/len(unit)) + `"]`
			var got []string
			if err := json.Unmarshal(slimmed(1<<20, 2<<20, []byte(in)).bytes(), &got); err != nil {
				t.Fatalf("%s: %v", unit, err)
			}
			var whole []string
			if err := json.Unmarshal([]byte(in), &whole); err != nil {
				t.Fatal(err)
			}
			head, marked := strings.CutSuffix(got[0], genai.Mark)
			if !marked || !utf8.ValidString(head) || strings.ContainsRune(head, utf8.RuneError) || !strings.HasPrefix(whole[0], head) {
				t.Errorf("%s: got ...%q", unit, head[max(0, len(head)-20):])
			}
			if enc, _ := json.Marshal(head); len(enc) < 100 {
				t.Errorf("%s: kept only %q", unit, head)
			}
		}
	}
}

// scalars are the values of v's object members and array elements that are
// neither container nor string, by path.
func scalars(path string, v any, into map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			scalars(path+"/"+k, e, into)
		}
	case []any:
		for i, e := range v {
			scalars(fmt.Sprintf("%s/%d", path, i), e, into)
		}
	case string:
		if len(v) < 1000 {
			into[path] = v
		}
	default:
		into[path] = v
	}
}

func decoded(tb testing.TB, b []byte) map[string]any {
	tb.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		tb.Fatalf("not JSON: %v\n%.300q", err, b)
	}
	m := make(map[string]any)
	scalars("", v, m)
	return m
}

func FuzzSlim(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":"c\u00e9\\\""}],"d":{"e":null}}`), []byte{3, 1, 9}, uint8(10))
	f.Add([]byte(`[[[1],[2]],"x",-1.5e3,true]`), []byte{5}, uint8(1))
	f.Add([]byte(`{"a":"`+long(300)+`","b":[`+strings.Repeat("1,", 50)+`2]}`), []byte{200}, uint8(20))
	f.Add([]byte("{\"a\"\r:\t01}"), []byte{}, uint8(0))
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte(x.Request.Body), []byte{1, 200, 7}, uint8(20))
		f.Add([]byte(x.Response.Body), []byte{1, 200, 7}, uint8(20))
	}
	f.Fuzz(func(t *testing.T, in, cuts []byte, bound uint8) {
		valid := json.Valid(in)
		soft := int(bound)
		for _, b := range [][2]int{{1 << 20, 2 << 20}, {soft, 1 << 20}, {soft, 2 * soft}} {
			whole := bytes.Clone(slimmed(b[0], b[1], in).bytes())
			split := slimmed(b[0], b[1], cutAt(in, cuts)...).bytes()
			if !bytes.Equal(whole, split) {
				t.Fatalf("split at %v: got %q, want %q", cuts, split, whole)
			}
			if valid && len(whole) > 0 && !json.Valid(whole) {
				t.Fatalf("%q became %q", in, whole)
			}
			if valid && b[1] > 2*len(in) && len(whole) == 0 {
				t.Fatalf("%q became nothing", in)
			}
			if len(whole) > b[1]+len(in)+2*maxDepth {
				t.Fatalf("%d bytes out, bound %d", len(whole), b[1])
			}
		}
		if valid && len(in) < 256 {
			// Nothing is over a bound: only white space went, and long numbers.
			want, got := decoded(t, in), decoded(t, slimmed(1<<20, 2<<20, in).bytes())
			for path, v := range want {
				if n, ok := v.(json.Number); ok && len(n) > maxScalar {
					v = nil
				}
				if d := cmp.Diff(got[path], v); d != "" {
					t.Fatalf("%s of %q: %s", path, in, d)
				}
			}
		}
	})
}

func TestSlimKeepsObjectScalarsOfLargeDocuments(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"id":"resp_1","model":"m","output":[`)
	for i := range 2000 {
		fmt.Fprintf(&b, `{"index":%d,"text":%q},`, i, long(1000))
	}
	b.WriteString(`{}],"error":null,"ok":true,"usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":5}},"created":1.5e9}`)
	s := slimmed(100_000, 200_000, []byte(b.String()))
	want, got := decoded(t, []byte(b.String())), decoded(t, s.bytes())
	for path, v := range want {
		if strings.HasPrefix(path, "/output/") {
			continue
		}
		if d := cmp.Diff(got[path], v); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
	if got["/output/50/index"] != json.Number("50") || got["/output/1999/index"] != nil {
		t.Errorf("output: got %v and %v, want the first elements and not the last", got["/output/50/index"], got["/output/1999/index"])
	}
	if len(s.bytes()) > 110_000 {
		t.Errorf("%d bytes are kept", len(s.bytes()))
	}
}

// huge writes a document whose bulk is of the kind named.
func huge(kind string, write func([]byte)) {
	piece := func(s string) []byte { return bytes.Repeat([]byte(s), 32<<10/len(s)) }
	body := map[string][]byte{
		"string":  piece("x"),
		"escapes": piece(`\"\n`),
		"numbers": piece("0.0123456789,"),
		"objects": piece(`{"a":"b","c":[1,2,3]},`),
		"members": piece(`"k":{"a":"b"},`),
	}[kind]
	open := map[string]string{"string": `"`, "escapes": `"`, "numbers": "[", "objects": "[", "members": "{"}[kind]
	end := map[string]string{"string": `"`, "escapes": `"`, "numbers": "0]", "objects": "{}]", "members": `"k":0}`}[kind]
	write([]byte(`{"model":"m","x":` + open))
	size := 8 << 20 // enough to be far beyond every bound
	if kind == "string" {
		size = 100 << 20 // an image in base64
	}
	for range size / len(body) {
		write(body)
	}
	write([]byte(end + `,"usage":{"total":9}}`))
}

func TestHugeDocumentsAreHeldNearTheCap(t *testing.T) {
	for _, kind := range []string{"string", "escapes", "numbers", "objects", "members"} {
		t.Run(kind, func(t *testing.T) {
			const limit = 1 << 20
			check := func(name string, data []byte, cut bool) {
				t.Helper()
				if !cut || len(data) > 2*limit+64<<10 {
					t.Errorf("%s: cut is %v and %d bytes are held", name, cut, len(data))
				}
				got := decoded(t, data)
				if got["/model"] != "m" {
					t.Errorf("%s: model is %v", name, got["/model"])
				}
				if kind != "members" && got["/usage/total"] != json.Number("9") {
					t.Errorf("%s: usage is %v", name, got["/usage/total"])
				}
			}
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			events := 0
			f := SSE(SinkFunc(func(e Event) { events++; check("SSE", e.Data, e.Cut) }), limit)
			body := NewBody(limit)
			_, _ = f.Write([]byte("data: "))
			most := uint64(0)
			written := 0
			huge(kind, func(p []byte) {
				_, _ = f.Write(p)
				_, _ = body.Write(p)
				if written += len(p); written>>24 != (written-len(p))>>24 {
					runtime.GC()
					runtime.ReadMemStats(&now)
					most = max(most, now.HeapAlloc)
				}
			})
			if held := int64(most) - int64(before.HeapAlloc); held > 2*4*limit {
				t.Errorf("%d bytes held for two bodies with a cap of %d", held, limit)
			}
			check("Body", body.Bytes(), body.Cut())
			_ = f.Close()
			if events != 1 {
				t.Errorf("%d events, want one", events)
			}
			runtime.KeepAlive(body)
		})
	}
}

func BenchmarkSlim(b *testing.B) {
	for _, bb := range []struct{ name, unit string }{
		{"string", `{"a":"` + long(30_000) + `"},`},
		{"numbers", `{"a":[` + strings.Repeat("0.0123456789,", 2000) + `0]},`},
		{"objects", strings.Repeat(`{"role":"user","content":"hello there","n":[1,2]},`, 500)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			unit := []byte(bb.unit)
			s := newSlim(1<<20, 1<<40)
			s.write([]byte(`{"m":[`))
			b.SetBytes(int64(len(unit)))
			b.ReportAllocs()
			for b.Loop() {
				s.write(unit)
				if len(s.out) > 1<<20-1<<18 {
					s.out = s.out[:8]
				}
			}
		})
	}
}
