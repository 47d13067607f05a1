package openai

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

	"github.com/otel-genai/otel-genai/instrument/genai"
)

var update = flag.Bool("update", false, "rewrite testdata/*/want.json")

// readHTTP reads a message as testdata has it: a first line, fields, an empty
// line and the body.
func readHTTP(t testing.TB, path string) (first []string, h http.Header, body []byte) {
	raw, err := os.ReadFile(path)
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

func golden(t testing.TB, name string) exchange {
	dir := filepath.Join("testdata", name)
	req, rh, body := readHTTP(t, filepath.Join(dir, "request.http"))
	resp, h, answer := readHTTP(t, filepath.Join(dir, "response.http"))
	status, err := strconv.Atoi(resp[1])
	if err != nil {
		t.Fatal(err)
	}
	return exchange{
		method: req[0], url: "https://" + rh.Get("Host") + req[1], request: body,
		status: status, header: h, response: answer,
	}
}

func goldens(t testing.TB) []string {
	dirs, err := filepath.Glob("testdata/*/request.http")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no golden exchanges", err)
	}
	for i := range dirs {
		dirs[i] = filepath.Base(filepath.Dir(dirs[i]))
	}
	return dirs
}

// readable is a record as JSON without what is not set.
func readable(t testing.TB, in *genai.Inference, done bool, outputs int) []byte {
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

func TestGoldenExchanges(t *testing.T) {
	for _, name := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			x := golden(t, name)
			f := begin(t, x, keepAll)
			if f == nil {
				t.Fatal("not matched")
			}
			in := f.write(x.response, whole)
			got := readable(t, in, f.folder.Done(), f.outputs)
			path := filepath.Join("testdata", name, "want.json")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), string(want)); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
			for _, split := range []func(int) int{one, random(1), random(2), random(3)} {
				f := begin(t, x, keepAll)
				again := f.write(x.response, split)
				if diff := cmp.Diff(string(readable(t, again, f.folder.Done(), f.outputs)), string(want)); diff != "" {
					t.Errorf("another split, another record (-split +want):\n%s", diff)
				}
			}
		})
	}
}

func TestStreamsFoldToTheRecordOfTheirWholeTwin(t *testing.T) {
	twins := 0
	for _, name := range goldens(t) {
		plain, ok := strings.CutSuffix(name, "-stream")
		if !ok {
			continue
		}
		twins++
		t.Run(plain, func(t *testing.T) {
			want, got := fold(t, golden(t, plain), keepAll), fold(t, golden(t, name), keepAll)
			if !got.Request.Stream || want.Request.Stream {
				t.Error("the stream is not marked as one, or its twin is")
			}
			got.Request.Stream, got.Request.StreamUsage, got.API = false, false, want.API
			if diff := cmp.Diff(got, want, cmp.AllowUnexported(genai.Inference{})); diff != "" {
				t.Errorf("-stream +whole:\n%s", diff)
			}
		})
	}
	if twins < 10 {
		t.Errorf("only %d twins", twins)
	}
}

func TestAStreamedItemsPiecesAloneGiveItsContent(t *testing.T) {
	x := golden(t, "responses-items-stream")
	f := begin(t, x, keepAll)
	events := strings.Split(string(x.response), "\n\n")
	for _, e := range events {
		if !strings.HasPrefix(e, "event: response.completed") && !strings.HasPrefix(e, "event: response.output_item.done") {
			_, _ = f.framer.Write([]byte(e + "\n\n"))
		}
	}
	f.folder.Flush()
	if f.folder.Done() {
		t.Error("an unfinished stream is done")
	}
	var got []string
	for _, p := range f.in.Output[0].Parts {
		got = append(got, string(p.Type)+" "+p.Text+p.Name+string(p.Args))
	}
	want := []string{"reasoning Think.", "reasoning More.", "text Found it.", "refusal No more.", `tool_call find{"q":"x"}`}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
}

func TestFlushingOftenChangesNothing(t *testing.T) {
	for _, name := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			x := golden(t, name)
			want := fold(t, x, keepAll)
			f := begin(t, x, keepAll)
			body := bytes.Clone(x.response)
			var views []*genai.Inference
			var seen [][]byte
			for len(body) > 0 {
				n := min(97, len(body))
				_, _ = f.framer.Write(body[:n])
				body = body[n:]
				f.folder.Flush()
				view := *f.in
				views, seen = append(views, &view), append(seen, readable(t, &view, false, 0))
			}
			_ = f.framer.Close()
			f.folder.Flush()
			f.folder.Flush()
			if diff := cmp.Diff(f.in, want, cmp.AllowUnexported(genai.Inference{})); diff != "" {
				t.Errorf("-flushed often +once:\n%s", diff)
			}
			for i := range views {
				if !bytes.Equal(readable(t, views[i], false, 0), seen[i]) {
					t.Fatalf("view %d changed after it was handed out", i)
				}
			}
		})
	}
}

func TestWithoutContentNothingOfItIsKept(t *testing.T) {
	for _, name := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			x := golden(t, name)
			with, in := fold(t, x, keepAll), fold(t, x, genai.Keep{})
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
			if diff := cmp.Diff(in, with, cmp.AllowUnexported(genai.Inference{})); diff != "" {
				t.Errorf("other facts differ (-without +with):\n%s", diff)
			}
		})
	}
}
