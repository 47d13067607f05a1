package openai

import (
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

var small = genai.Keep{Part: 64, Call: 512}

func FuzzRequest(f *testing.F) {
	for _, name := range codectest.Goldens(f) {
		f.Add(codectest.Golden(f, name).Request)
	}
	for _, x := range sharedtest.Seeds(f) {
		f.Add([]byte(x.Request.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range Family.Endpoints {
			in := &genai.Inference{Keep: small}
			if err := e.Request(codec.Call{Path: "/deployments/d"}, body, in); err == nil && in.Request.Model == "" {
				t.Error("no model, though the path names one")
			}
			codectest.Within(t, in)
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, name := range codectest.Goldens(f) {
		x := codectest.Golden(f, name)
		f.Add(x.Response, strings.Contains(x.Header.Get("Content-Type"), "event-stream"), x.Status)
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
			x := codectest.Exchange{
				Method: "POST", URL: "https://h/v1/" + path, OnlyResponse: true,
				Status: status, Header: codectest.ContentType(kind), Response: body,
			}
			codectest.Within(t, codectest.Fold(t, families, x, small))
			codectest.Splits(t, families, x, small)
		}
	})
}
