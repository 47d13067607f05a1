package google

import (
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

func TestArgumentsInPieces(t *testing.T) {
	deep := strings.Repeat(".a", maxSteps+1)
	tests := []struct {
		name   string
		pieces []string
		want   string
		cut    bool
	}{
		{"none", nil, `{}`, false},
		{"a text grows", []string{`{"jsonPath":"$.a","stringValue":"x\""}`, `{"json_path":"$.a","string_value":"\ny"}`}, `{"a":"x\"\ny"}`, false},
		{"an empty one is there", []string{`{"jsonPath":"$.a","stringValue":""}`}, `{"a":""}`, false},
		{"values of all kinds", []string{`{"jsonPath":"$.a","numberValue":1.5}`, `{"jsonPath":"$.b","boolValue":false}`, `{"jsonPath":"$.c","nullValue":"NULL_VALUE"}`}, `{"a":1.5,"b":false,"c":null}`, false},
		{"lists of objects", []string{`{"jsonPath":"$.a[0].b","numberValue":1}`, `{"jsonPath":"$.a[1].b","numberValue":2}`, `{"jsonPath":"$.a[0].c","numberValue":3}`}, `{"a":[{"b":1,"c":3},{"b":2}]}`, false},
		{"names in brackets", []string{`{"jsonPath":"$['a.b'][\"c\"]","numberValue":1}`}, `{"a.b":{"c":1}}`, false},
		{"a number that changes", []string{`{"jsonPath":"$.a","numberValue":1}`, `{"jsonPath":"$.a","numberValue":2}`}, `{"a":1}`, true},
		{"a text that becomes an object", []string{`{"jsonPath":"$.a","stringValue":"x"}`, `{"jsonPath":"$.a.b","numberValue":1}`}, `{"a":"x"}`, true},
		{"an object that becomes a text", []string{`{"jsonPath":"$.a.b","numberValue":1}`, `{"jsonPath":"$.a","stringValue":"x"}`}, `{"a":{"b":1}}`, true},
		{"an index that leaves a gap", []string{`{"jsonPath":"$.a","stringValue":"x"}`, `{"jsonPath":"$.b[1000000000]","numberValue":1}`}, `{"a":"x","b":{}}`, true},
		{"no path", []string{`{"numberValue":1}`}, `{}`, true},
		{"the whole", []string{`{"jsonPath":"$","stringValue":"x"}`}, `{}`, true},
		{"a torn path", []string{`{"jsonPath":"$['a","stringValue":"x"}`}, `{}`, true},
		{"a path that selects many", []string{`{"jsonPath":"$[*]","stringValue":"x"}`}, `{}`, true},
		{"too deep", []string{`{"jsonPath":"$` + deep + `","numberValue":1}`}, `{}`, true},
		{"too long", []string{`{"jsonPath":"$.a","stringValue":"` + strings.Repeat("x", 200) + `"}`}, `{"a":{}}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &genai.Inference{Keep: genai.Keep{Part: 100, Call: 1000}}
			p := &partial{in: in}
			for _, piece := range tt.pieces {
				p.add(gjson.Parse(`{"partialArgs":[` + piece + `]}`))
			}
			if got := string(p.part().Args); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if cut := slices.Contains(in.Cuts, genai.CutContent); cut != tt.cut {
				t.Errorf("cut %v", in.Cuts)
			}
		})
	}
}
