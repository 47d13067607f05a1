package openai

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// within fails when a record holds more content than it may.
func within(t *testing.T, in *genai.Inference) {
	t.Helper()
	total := 0
	text := func(s string) {
		if len(s) > in.Keep.Part+len(genai.Mark) {
			t.Errorf("a part of %d bytes", len(s))
		}
		total += len(strings.TrimSuffix(s, genai.Mark))
	}
	parts := func(ps []genai.Part) {
		for _, p := range ps {
			text(p.Text)
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

func FuzzRequest(f *testing.F) {
	for _, name := range goldens(f) {
		f.Add(golden(f, name).request)
	}
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte(x.Request.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range Family.Endpoints {
			in := &genai.Inference{Keep: genai.Keep{Part: 64, Call: 512}}
			if err := e.Request(codec.Call{Path: "/deployments/d"}, body, in); err == nil && in.Request.Model == "" {
				t.Error("no model, though the path names one")
			}
			within(t, in)
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, name := range goldens(f) {
		x := golden(f, name)
		f.Add(x.response, strings.Contains(x.header.Get("Content-Type"), "event-stream"), x.status)
	}
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte(x.Response.Body), strings.Contains(x.Response.Header().Get("Content-Type"), "event-stream"), x.Response.Status)
	}
	f.Fuzz(func(t *testing.T, body []byte, stream bool, status int) {
		kind := "application/json"
		if stream {
			kind = "text/event-stream"
		}
		for _, path := range []string{"chat/completions", "responses", "embeddings", "completions"} {
			x := exchange{method: "POST", url: "https://h/v1/" + path, withoutRequest: true, status: status, header: contentType(kind), response: body}
			keep := genai.Keep{Part: 64, Call: 512}
			in := begin(t, x, keep).write(body, whole)
			within(t, in)
			if diff := cmp.Diff(begin(t, x, keep).write(body, random(5)), in, cmp.AllowUnexported(genai.Inference{})); diff != "" {
				t.Errorf("%s: -split +whole:\n%s", path, diff)
			}
		}
	})
}
