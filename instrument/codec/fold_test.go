package codec

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

func TestFoldNeverHoldsMoreThanMayBeKept(t *testing.T) {
	in := &genai.Inference{Keep: genai.Keep{Part: 10, Call: 25}}
	f := NewFold(in, nil)
	for range 1000 {
		for i := range int64(4) {
			f.Choice(0).Block(genai.TextPart, Slot{Item: i}).Add("äöü")
		}
	}
	if in.Kept() > 25 {
		t.Errorf("%d bytes held", in.Kept())
	}
	f.Flush()
	var got []string
	for _, p := range in.Output[0].Parts {
		got = append(got, p.Text)
	}
	// A round adds six bytes to each of four parts; the one byte left holds no rune.
	want := slices.Repeat([]string{"äöü" + genai.Mark}, 4)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	if diff := cmp.Diff(in.Cuts, []genai.Cut{genai.CutContent}); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestAPartIsCutAtItsOwnBound(t *testing.T) {
	in := &genai.Inference{Keep: genai.Keep{Part: 7, Call: 100}}
	f := NewFold(in, nil)
	b := f.Choice(0).Block(genai.TextPart, Slot{})
	call := f.Choice(0).Block(genai.ToolCallPart, Slot{Item: 1})
	for range 3 {
		b.Add("äöü")
		call.Add(`{"a":`)
	}
	f.Flush()
	if got, want := in.Output[0].Parts[0].Text, "äöü"+genai.Mark; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := string(in.Output[0].Parts[1].Args), `"{\"a\":{\"`+genai.Mark+`"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFoldWithoutContentKeepsFinishReasonsOnly(t *testing.T) {
	in := &genai.Inference{}
	f := NewFold(in, nil)
	c := f.Choice(1)
	c.Block(genai.TextPart, Slot{}).Add("x")
	c.Whole(Slot{}, true, func() []genai.Part { t.Error("content was read"); return nil })
	c.Finish("stop")
	f.Choice(0).Finish("length")
	f.Flush()
	if diff := cmp.Diff(in.Response.FinishReasons, []string{"length", "stop"}); diff != "" || in.Output != nil {
		t.Errorf("output %v, finish reasons -got +want:\n%s", in.Output, diff)
	}
}

func TestFoldBoundsChoicesAndBlocks(t *testing.T) {
	in := &genai.Inference{Keep: genai.Keep{Part: 100, Call: 100}}
	f := NewFold(in, nil)
	for i := range int64(3 * maxChoices) {
		f.Choice(i).Finish("stop")
		f.Choice(0).Block(genai.ToolCallPart, Slot{Item: i}).Call(fmt.Sprint(i), "f")
	}
	f.Flush()
	if len(in.Output) != maxChoices || len(in.Output[0].Parts) != maxBlocks || len(in.Cuts) != 1 {
		t.Errorf("%d choices, %d parts, cuts %v", len(in.Output), len(in.Output[0].Parts), in.Cuts)
	}
}

func TestWholePartsTakeThePlaceOfTheirPieces(t *testing.T) {
	in := &genai.Inference{Keep: genai.Keep{Part: 100, Call: 100}}
	f := NewFold(in, map[string]string{"done": "stop"})
	c := f.Choice(0)
	c.Block(genai.TextPart, Slot{Item: 1}).Add("piece")
	c.Block(genai.TextPart, Slot{Item: 1, Part: 1}).Add("piece")
	c.Block(genai.TextPart, Slot{Item: 0}).Add("first")
	for range 5 {
		c.Whole(Slot{Item: 1}, true, func() []genai.Part { return []genai.Part{TextPart(in, "whole")} })
	}
	c.Finish("done")
	f.Flush()
	want := []genai.Message{{Role: "assistant", FinishReason: "stop", Parts: []genai.Part{{Type: "text", Text: "first"}, {Type: "text", Text: "whole"}}}}
	if diff := cmp.Diff(in.Output, want); diff != "" || in.Kept() != 10 {
		t.Errorf("%d bytes accounted; -got +want:\n%s", in.Kept(), diff)
	}
	c.Clear()
	if in.Kept() != 0 {
		t.Errorf("%d bytes accounted after all was forgotten", in.Kept())
	}
}

func TestBlobsAreWholeOrCountedOnly(t *testing.T) {
	tests := []struct {
		name   string
		pieces []string
		data   string
		size   int64
	}{
		{"whole", []string{"AAEC"}, "AAEC", 3},
		{"joined", []string{"AAEC", "AwQ="}, "AAECAwQ=", 5},
		{"padded in the middle", []string{"AA==", "AAEC"}, "", 4},
		{"too large", []string{"AAEC", strings.Repeat("AAEC", 10)}, "", 33},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &genai.Inference{Keep: genai.Keep{Part: 20, Call: 100}}
			f := NewFold(in, nil)
			b := f.Choice(0).Block(genai.BlobPart, Slot{})
			for _, p := range tt.pieces {
				b.Add(p)
			}
			f.Flush()
			p := in.Output[0].Parts[0]
			if p.Text != tt.data || p.Size != tt.size || in.Kept() != len(tt.data) {
				t.Errorf("got %q of %d bytes, %d accounted", p.Text, p.Size, in.Kept())
			}
		})
	}
}

func TestContentDroppedMidwayIsLetGo(t *testing.T) {
	in := &genai.Inference{Keep: genai.Keep{Part: 100, Call: 100}}
	f := NewFold(in, nil)
	f.Choice(0).Block(genai.TextPart, Slot{}).Add("x")
	in.DropContent()
	in.Keep = genai.Keep{}
	f.Choice(0).Block(genai.TextPart, Slot{}).Add("y")
	f.Choice(0).Finish("stop")
	f.Flush()
	if in.Output != nil || in.Kept() != 0 || len(in.Response.FinishReasons) != 1 {
		t.Errorf("got %+v", in)
	}
}

func TestPartsFollowEachOtherWhereNothingNumbersThem(t *testing.T) {
	in := &genai.Inference{Keep: genai.Keep{Part: 100, Call: 1000}}
	f := NewFold(in, nil)
	c := f.Choice(0)
	text := func(s string) func() genai.Part { return func() genai.Part { return TextPart(in, s) } }
	c.Grow(1, genai.TextPart).Add("a")
	c.Grow(1, genai.TextPart).Add("b")
	c.Grow(1, genai.ReasoningPart).Add("c")
	b := c.Append(1, text("d"))
	c.Grow(1, genai.TextPart).Add("e")
	c.Whole(b.Slot(), false, func() []genai.Part { return []genai.Part{TextPart(in, "D")} })
	c.Grow(1, genai.TextPart).Add("f")
	c.Grow(0, genai.TextPart).Add("g")
	f.Flush()
	var got []string
	for _, p := range in.Output[0].Parts {
		got = append(got, string(p.Type)+" "+p.Text)
	}
	if diff := cmp.Diff(got, []string{"text g", "text ab", "reasoning c", "text D", "text ef"}); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	if in.Kept() != 7 {
		t.Errorf("%d bytes are accounted for", in.Kept())
	}
	f = NewFold(&genai.Inference{}, nil)
	if f.Choice(0).Grow(0, genai.TextPart) != nil || f.Choice(0).Append(0, text("x")) != nil {
		t.Error("content is gathered where none may be kept")
	}
}

func TestOfMediaThatWereShortenedNoSizeIsTold(t *testing.T) {
	in := &genai.Inference{Keep: genai.Keep{Part: 100, Call: 1000}}
	if p := Blob(in, "image", "image/png", "AAAA"+genai.Mark); p.Size != 0 || p.Text != "" {
		t.Errorf("got %+v", p)
	}
	f := NewFold(in, nil)
	b := f.Choice(0).Block(genai.BlobPart, Slot{})
	b.Add("AAAA")
	b.Add("BB" + genai.Mark)
	f.Flush()
	if p := in.Output[0].Parts[0]; p.Size != 0 || p.Text != "" || in.Kept() != 0 {
		t.Errorf("got %+v, %d kept", p, in.Kept())
	}
}

func TestAModalityIsNoViewOfItsMediaType(t *testing.T) {
	mime := []byte("video/mp4")
	got := Modality(view(mime).Raw)
	clear(mime)
	if got != "video" {
		t.Errorf("got %q", got)
	}
}

// Braces in strings don't nest, wherever quotes and backslashes stand.
func TestDeepLooksPastStrings(t *testing.T) {
	for _, tail := range []string{"", `\"`, `\\`, `\\\"`, `\u0022`} {
		for n := range 40 {
			text := strings.Repeat("x", n) + tail + strings.Repeat("[", maxDepth+1)
			if deep(`{"a":"` + text + `"}`) {
				t.Errorf("%d bytes and %s: what is in a string counts", n, tail)
			}
			if !deep(`{"a":"` + strings.Repeat("x", n) + tail + `","b":` + strings.Repeat("[", maxDepth+1)) {
				t.Errorf("%d bytes and %s: what is after a string doesn't count", n, tail)
			}
			if deep(`{"a":"` + text) { // a string without an end
				t.Errorf("%d bytes and %s, cut off", n, tail)
			}
		}
	}
	for _, cut := range []string{`{"`, `{"\`, `{"12345678\`, `{"1234567\"`} {
		if deep(cut) {
			t.Error(cut)
		}
	}
}
