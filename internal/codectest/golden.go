package codectest

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

var update = flag.Bool("update", false, "rewrite what the tests make: want.json in testdata, pages of docs")

// readHTTP reads a message as testdata has it: a first line, fields, an empty
// line and the body.
func readHTTP(t testing.TB, path string) (first []string, h http.Header, body []byte) {
	t.Helper()
	raw, err := os.ReadFile(path) //nolint:gosec // a folder of tests
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := bytes.Cut(raw, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	h = http.Header{}
	for _, l := range lines[1:] {
		k, v, _ := strings.Cut(l, ": ")
		h.Set(k, v)
	}
	return strings.Split(lines[0], " "), h, body
}

// Golden reads an exchange of testdata by its folder's name.
func Golden(t testing.TB, name string) Exchange {
	t.Helper()
	dir := filepath.Join("testdata", name)
	req, rh, body := readHTTP(t, filepath.Join(dir, "request.http"))
	resp, h, answer := readHTTP(t, filepath.Join(dir, "response.http"))
	status, err := strconv.Atoi(resp[1])
	if err != nil {
		t.Fatal(err)
	}
	return Exchange{
		Method: req[0], URL: "https://" + rh.Get("Host") + req[1], RequestHeader: rh, Request: body,
		Status: status, Header: h, Response: frame(h, answer),
	}
}

// Goldens are the names of testdata's exchanges.
func Goldens(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob("testdata/*/request.http")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no golden exchanges", err)
	}
	for i := range dirs {
		dirs[i] = filepath.Base(filepath.Dir(dirs[i]))
	}
	return dirs
}

// Readable is a record as JSON without what is not set.
func Readable(t testing.TB, in *genai.Inference, done bool, outputs int) []byte {
	t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"Keep", "Timing", "Server"} {
		delete(tree, k)
	}
	pruned := prune(tree).(map[string]any)
	pruned["Done"], pruned["OutputEvents"] = done, outputs
	out, err := json.MarshalIndent(pruned, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e = prune(e); e == nil || e == "" || e == false || k == "Size" && e == 0.0 {
				delete(v, k)
			} else {
				v[k] = e
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
		if len(v) == 0 {
			return nil
		}
	}
	return v
}

// RunGoldens holds every exchange of testdata to its want.json, in any split;
// to the same record when it is looked at often; and to none of its content
// where none may be kept. A folder NAME-stream is the streamed twin of NAME:
// both must fold to the same record, but for the name of an API that only
// streams. At least minTwins of them must be there.
func RunGoldens(t *testing.T, families []codec.Family, minTwins int) {
	twins := 0
	for _, name := range Goldens(t) {
		t.Run(name, func(t *testing.T) {
			x := Golden(t, name)
			matchesWant(t, families, name, x)
			Splits(t, families, x, KeepAll)
			flushingOften(t, families, x)
			withoutContent(t, families, x)
		})
		plain, ok := strings.CutSuffix(name, "-stream")
		if !ok {
			continue
		}
		twins++
		t.Run(name+" as its twin", func(t *testing.T) {
			want, got := Fold(t, families, Golden(t, plain), KeepAll), Fold(t, families, Golden(t, name), KeepAll)
			if !got.Request.Stream || want.Request.Stream {
				t.Error("the stream is not marked as one, or its twin is")
			}
			got.Request.Stream, got.Request.StreamUsage = false, false
			if streamsOf(got.API, want.API) {
				got.API = want.API
			}
			if diff := Diff(got, want); diff != "" {
				t.Errorf("-stream +whole:\n%s", diff)
			}
		})
	}
	if twins < minTwins {
		t.Errorf("only %d twins", twins)
	}
}

// streamsOf reports whether an API is the streaming one of plain by its name,
// which says so before or behind plain's: streamRawPredict, converse-stream.
func streamsOf(api, plain string) bool {
	before, behind, found := strings.Cut(strings.ToLower(api), strings.ToLower(plain))
	return found && strings.Contains(before+behind, "stream")
}

func matchesWant(t *testing.T, families []codec.Family, name string, x Exchange) {
	f := Begin(t, families, x, KeepAll)
	if f == nil {
		t.Fatal("not matched")
	}
	in := f.Write(x.Response, Whole)
	got := Readable(t, in, f.Folder.Done(), f.Outputs)
	if bytes.Contains(got, []byte("XXX")) {
		t.Errorf("the record holds views of bytes that aren't its own:\n%s", got)
	}
	path := filepath.Join("testdata", name, "want.json")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // a folder of tests
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

// flushingOften looks at the record every 97 bytes: that changes nothing, and
// what was seen stays as it was.
func flushingOften(t *testing.T, families []codec.Family, x Exchange) {
	want := Fold(t, families, x, KeepAll)
	f := Begin(t, families, x, KeepAll)
	body := bytes.Clone(x.Response)
	var views []*genai.Inference
	var seen [][]byte
	for len(body) > 0 {
		n := min(97, len(body))
		_, _ = f.Framer.Write(body[:n])
		body = body[n:]
		f.Folder.Flush()
		view := *f.In
		views, seen = append(views, &view), append(seen, Readable(t, &view, false, 0))
	}
	if f.Framer.Close() != nil {
		f.In.Cut(genai.CutMalformed)
	}
	f.Folder.Flush()
	f.Folder.Flush()
	if diff := Diff(f.In, want); diff != "" {
		t.Errorf("-flushed often +once:\n%s", diff)
	}
	for i := range views {
		if !bytes.Equal(Readable(t, views[i], false, 0), seen[i]) {
			t.Fatalf("view %d changed after it was handed out", i)
		}
	}
}

func withoutContent(t *testing.T, families []codec.Family, x Exchange) {
	with, in := Fold(t, families, x, KeepAll), Fold(t, families, x, genai.Keep{})
	if in.System != nil || in.Input != nil || in.Output != nil || in.Tools != nil || in.Kept() != 0 {
		t.Errorf("content was kept: %+v", in)
	}
	if in.Error != nil && in.Error.Message != "" {
		t.Errorf("an error's words were kept: %q", in.Error.Message)
	}
	if with.Error != nil {
		with.Error.Message = ""
	}
	with.System, with.Input, with.Output, with.Tools, with.Keep = nil, nil, nil, nil, genai.Keep{}
	with.Release(with.Kept())
	if diff := Diff(in, with); diff != "" {
		t.Errorf("other facts differ (-without +with):\n%s", diff)
	}
}

// Within fails when a record holds more content than it may.
func Within(t testing.TB, in *genai.Inference) {
	t.Helper()
	total := 0
	parts := func(ps []genai.Part) {
		for _, p := range ps {
			if len(p.Text) > in.Keep.Part+len(genai.Mark) {
				t.Errorf("a part of %d bytes", len(p.Text))
			}
			total += len(strings.TrimSuffix(p.Text, genai.Mark))
		}
	}
	parts(in.System)
	for _, m := range in.Input {
		parts(m.Parts)
	}
	for _, m := range in.Output {
		parts(m.Parts)
	}
	if total > in.Keep.Call || in.Kept() > in.Keep.Call {
		t.Errorf("%d bytes of text, %d accounted, %d allowed", total, in.Kept(), in.Keep.Call)
	}
}
