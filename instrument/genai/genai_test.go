package genai

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNothingIsKeptUnlessAsked(t *testing.T) {
	for _, k := range []Keep{{}, {Part: 10}, {Call: 10}} {
		in := &Inference{Keep: k}
		if in.Keeps() || in.Text("secret") != "" || in.JSON([]byte(`"secret"`)) != nil || in.Kept() != 0 || len(in.Cuts) > 0 {
			t.Errorf("%+v kept something: %+v", k, in)
		}
	}
}

func TestTextIsBoundedByPartAndByCall(t *testing.T) {
	in := &Inference{Keep: Keep{Part: 8, Call: 12}}
	for _, tt := range []struct{ give, want string }{
		{"12345678", "12345678"},
		{"", ""},
		{"abcdefgh", "abcd" + Mark},
		{"more", Mark},
	} {
		if got := in.Text(tt.give); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.give, got, tt.want)
		}
	}
	if in.Kept() != 12 || !slices.Equal(in.Cuts, []Cut{CutContent}) {
		t.Errorf("kept %d, cuts %v; want 12 and one mark", in.Kept(), in.Cuts)
	}
}

func TestTextIsNotCutWithinACharacter(t *testing.T) {
	for part := range 12 {
		in := &Inference{Keep: Keep{Part: part + 1, Call: 100}}
		got := in.Text("aé€😀bcdef")
		if !utf8.ValidString(got) {
			t.Errorf("part %d: %q is not valid UTF-8", part+1, got)
		}
	}
}

func TestJSONStaysValidWhenItIsCut(t *testing.T) {
	in := &Inference{Keep: Keep{Part: 16, Call: 100}}
	if got := in.JSON([]byte(`{"a":1}`)); string(got) != `{"a":1}` {
		t.Errorf("got %s", got)
	}
	for _, raw := range []string{`{"a":"` + strings.Repeat("x", 50) + `"}`, `{"a":`} {
		if got := in.JSON([]byte(raw)); !json.Valid(got) || got[0] != '"' {
			t.Errorf("%s became %s, want a JSON string", raw, got)
		}
	}
}

func TestDropContentForgetsAllOfIt(t *testing.T) {
	in := &Inference{Keep: Keep{Part: 10, Call: 10}}
	in.Input = []Message{{Parts: []Part{{Text: in.Text("x")}}}}
	in.Output, in.System, in.Tools = in.Input, in.Input[0].Parts, []Tool{{Name: "x"}}
	in.DropContent()
	if in.Kept() != 0 || in.Input != nil || in.Output != nil || in.System != nil || in.Tools != nil {
		t.Errorf("left: %+v", in)
	}
}
