package proxy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestOneWhoKnowsTheSecretIsToldThatItIsThisProxy(t *testing.T) {
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer other.Close()
	upstream, err := url.Parse(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	up := NewUpstream(func(string) string { return "" })
	defer up.Close()
	s, err := Listen(Config{Secret: secret, Upstream: up, Routes: []Route{{ID: "up", Upstream: upstream}}})
	if err != nil {
		t.Fatal(err)
	}
	address := s.URL("")
	for _, tt := range []struct {
		url  string
		want bool
	}{
		{address, true},
		{strings.TrimSuffix(address, "/"), false},
		{strings.Replace(address, secret, "another", 1), false},
		{address + "nosuch", false},
		{other.URL + "/" + secret + "/", false},
		{"http://127.0.0.1:1/" + secret + "/", false},
		{"::", false},
	} {
		if got := Answers(t.Context(), tt.url); got != tt.want {
			t.Errorf("%s: %t", tt.url, got)
		}
	}
	if asked != 1 { // as what we took for a proxy
		t.Errorf("the upstream was asked %d times", asked)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if Answers(t.Context(), address) {
		t.Error("it answers after its end")
	}
}
