package instrument

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/instrument/redact"
)

func TestCredentialsOfARequestAreFoundInEveryForm(t *testing.T) {
	basic := base64.StdEncoding.EncodeToString([]byte("me:pass-word-1"))
	req := &http.Request{
		Header: http.Header{
			"Authorization":        {"Bearer tok-1"},
			"Proxy-Authorization":  {"Basic " + basic},
			"X-Api-Key":            {"key-1"},
			"Api-Key":              {"key-2"},
			"X-Goog-Api-Key":       {"key-3"},
			"X-Amz-Security-Token": {"tok-2"},
			"Cookie":               {`session=cookie-1; theme="cookie-2"`},
			"User-Agent":           {"agent"},
			"Openai-Organization":  {"org"},
		},
		URL: &url.URL{User: url.UserPassword("user-1", "pass-1"), RawQuery: "key=q%2D1&api-version=2024&access_token=q-2&sig=q-3&x=y&api%5Fkey=q-4"},
	}
	got := credentials(req)
	for _, want := range []string{
		"Bearer tok-1", "tok-1", basic, "me:pass-word-1", "pass-word-1", "key-1", "key-2", "key-3", "tok-2", "cookie-1", "cookie-2",
		"user-1", "pass-1", "q%2D1", "q-1", "q-2", "q-3", "q-4",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, not := range []string{"agent", "org", "2024", "y", ""} {
		if slices.Contains(got, not) {
			t.Errorf("%q is no credential", not)
		}
	}
}

func TestCredentialsAreBounded(t *testing.T) {
	req := &http.Request{Header: http.Header{"Cookie": {strings.Repeat("a=b;", 10000)}}, URL: &url.URL{}}
	if n := len(credentials(req)); n != maxCredentials {
		t.Errorf("got %d, want %d", n, maxCredentials)
	}
}

// What a provider says of a key that it refuses is not recorded with the key.
func TestKeyThatTheProviderRepeatsIsNotRecorded(t *testing.T) {
	const key = "an-unusual-key-0815"
	var ended *genai.Inference
	o := onEnd(func(in *genai.Inference) { ended = in })
	carry := func(req *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, req.Body)
		said := `{"error":{"message":"Incorrect API key provided: ` + key + `.","code":"invalid_api_key"}}`
		return &http.Response{StatusCode: 401, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(said)), ContentLength: -1}, nil
	}
	mw := Middleware(WithObserver(redact.Observer(o, nil)), WithKeep(genai.Keep{Part: 1000, Call: 1000}))
	req, _ := http.NewRequest(http.MethodPost, "https://api.openai.com/v1/chat/completions",
		strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"is `+key+` my key?"}]}`))
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := mw(req, carry)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(body), key) {
		t.Errorf("the caller was given %q", body)
	}
	if want := "Incorrect API key provided: [redacted]."; ended.Error == nil || ended.Error.Message != want {
		t.Errorf("error %+v, want %q", ended.Error, want)
	}
	if got := ended.Input[0].Parts[0].Text; got != "is [redacted] my key?" {
		t.Errorf("input %q", got)
	}
}

// onEnd is an observer of ends.
type onEnd func(*genai.Inference)

func (f onEnd) Start(context.Context, *genai.Inference) genai.Observation { return f }
func (f onEnd) Update(*genai.Inference)                                   {}
func (f onEnd) End(in *genai.Inference)                                   { f(in) }
