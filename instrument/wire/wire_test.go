package wire

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// event is an [Event] that may be kept.
type event struct {
	Type string
	Data string
	Cut  bool
}

type recorder []event

func (l *recorder) Event(e Event) { *l = append(*l, event{e.Type, string(e.Data), e.Cut}) }

// frame writes pieces to a new framer and returns its events.
func frame(tb testing.TB, open func(Sink) Framer, pieces [][]byte) []event {
	tb.Helper()
	var got recorder
	f := open(&got)
	for _, p := range pieces {
		p = bytes.Clone(p)
		n, err := f.Write(p)
		if n != len(p) || err != nil {
			tb.Fatalf("Write of %d bytes = %d, %v", len(p), n, err)
		}
		clear(p) // a framer that kept p is found out
	}
	if err := f.Close(); err != nil {
		tb.Fatalf("Close: %v", err)
	}
	return got
}

// splits are some ways to cut b: whole, byte by byte, and at random.
func splits(b []byte) map[string][][]byte {
	rnd := rand.New(rand.NewPCG(1, uint64(len(b))))
	all := map[string][][]byte{"whole": {b}}
	if len(b) < 20_000 {
		all["byte by byte"] = slices.Collect(slices.Chunk(b, 1))
	}
	for _, name := range []string{"random a", "random b", "random c"} {
		var pieces [][]byte
		for rest := b; len(rest) > 0; {
			n := 1 + rnd.IntN(min(len(rest), 1+rnd.IntN(1+len(b)/2)))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		all[name] = pieces
	}
	return all
}

// everySplit checks that body gives want however it is split.
func everySplit(t *testing.T, open func(Sink) Framer, body string, want []event) {
	t.Helper()
	for name, pieces := range splits([]byte(body)) {
		got := frame(t, open, pieces)
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("%s: got-, want+:\n%.2000s", name, d)
		}
	}
}

// cutAt cuts b at the places that cuts gives, for fuzz targets.
func cutAt(b []byte, cuts []byte) [][]byte {
	var pieces [][]byte
	for _, c := range cuts {
		n := min(int(c), len(b))
		pieces = append(pieces, b[:n])
		b = b[n:]
	}
	return append(pieces, b)
}

func sseUpTo(limit int) func(Sink) Framer {
	return func(s Sink) Framer { return SSE(s, limit) }
}

func long(n int) string { return strings.Repeat("x", n) }
