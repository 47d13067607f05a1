package instrument_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/otel-genai/otel-genai/instrument"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// send passes a request whose body arrives in pieces, and returns what was
// recorded of it: at most one call.
func send(t *testing.T, url, coding string, body []byte) []genai.Inference {
	t.Helper()
	s := newSeen()
	p := answers("application/json", []byte(`{}`))
	rt := instrument.NewTransport(p, instrument.WithObserver(s))
	req, _ := http.NewRequest(http.MethodPost, url, pieces(bytes.NewReader(body)))
	if coding != "" {
		req.Header.Set("Content-Encoding", coding)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	drain(t, resp)
	if left := instrument.MemoryUsed(); left != 0 {
		t.Errorf("%d bytes are still accounted for", left)
	}
	var all []genai.Inference
	for len(s.ended) > 0 {
		all = append(all, <-s.ended)
	}
	if len(all) != len(s.started) {
		t.Errorf("%d calls started, %d ended", len(s.started), len(all))
	}
	return all
}

func TestCompressedRequestsAreRead(t *testing.T) {
	for coding, open := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"zstd":    func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z },
		"identity": func(w io.Writer) io.WriteCloser {
			return struct {
				io.Writer
				io.Closer
			}{w, io.NopCloser(nil)}
		},
	} {
		t.Run(coding, func(t *testing.T) {
			var b bytes.Buffer
			w := open(&b)
			_, _ = io.WriteString(w, chatBody)
			if coding != "identity" {
				_ = w.Close()
			}
			all := send(t, "https://api.openai.com/v1/chat/completions", coding, b.Bytes())
			if len(all) != 1 || all[0].Request.Model != "gpt-4o" || all[0].Request.Temperature == nil || len(all[0].Cuts) > 0 {
				t.Errorf("recorded %+v", all)
			}
		})
	}
}

func TestCompressedRequestsThatCannotBeReadAreCallsAllTheSame(t *testing.T) {
	bomb := gzipped(t, []byte(`{"model":"m","messages":"`+strings.Repeat("a", 8<<20)))
	for name, x := range map[string]struct {
		coding string
		body   []byte
		cut    genai.Cut
	}{
		"an unknown coding":     {"snappy", []byte("abc"), genai.CutEncoding},
		"not what it claims":    {"gzip", []byte(chatBody), genai.CutMalformed},
		"cut off":               {"gzip", gzipped(t, []byte(chatBody))[:20], genai.CutMalformed},
		"expanding beyond read": {"gzip", bomb, genai.CutEncoding},
	} {
		t.Run(name, func(t *testing.T) {
			all := send(t, "https://api.openai.com/v1/chat/completions", x.coding, x.body)
			if len(all) != 1 || !hasCut(all[0], x.cut) {
				t.Errorf("recorded %+v", all)
			}
		})
	}
}

// A path that may be anyone's is inference where the body has its shape; at a
// provider's host the path is enough.
func TestShapeTellsWhereTheHostIsUnknown(t *testing.T) {
	for _, x := range []struct {
		url, body string
		want      int
	}{
		{"http://models.example/v1/responses", `{"model":"m","input":"hello"}`, 1},
		{"http://survey.example/v1/responses", `{"answers":[1,2]}`, 0},
		{"http://survey.example/v1/responses", `not JSON`, 0},
		{"https://api.openai.com/v1/responses", `{"answers":[1,2]}`, 1},
		{"http://search.example/v1/embeddings", `{"text":"hello"}`, 0},
		{"http://search.example/v1/embeddings", `{"input":["hello"]}`, 1},
		{"http://anything.example/v1/chat/completions", `{}`, 1},
	} {
		if all := send(t, x.url, "", []byte(x.body)); len(all) != x.want {
			t.Errorf("%s %s: %d calls recorded, want %d", x.url, x.body, len(all), x.want)
		}
	}
}
