package proxy

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func env(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

func get(t *testing.T, up *Upstream, url string, major int) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.ProtoMajor = major
	resp, err := up.RoundTrip(req)
	if err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return resp, err
}

func TestUsersRootsAreHonoured(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range append([]string{""}, trustVariables...) {
		t.Run(name, func(t *testing.T) {
			up := NewUpstream(env(map[string]string{name: file}))
			defer up.Close()
			for _, major := range []int{1, 2} {
				resp, err := get(t, up, srv.URL, major)
				if name == "" {
					if err == nil {
						t.Fatal("an unknown root was trusted")
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if resp.ProtoMajor != major {
					t.Errorf("spoke HTTP/%d upstream, the client spoke HTTP/%d", resp.ProtoMajor, major)
				}
			}
		})
	}
}

func TestUsersProxyIsHonoured(t *testing.T) {
	var got string
	company := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.RequestURI + " " + r.Header.Get("Proxy-Authorization")
	}))
	defer company.Close()
	proxyURL := "http://u:p@" + company.Listener.Addr().String()
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		up := NewUpstream(env(map[string]string{name: proxyURL, "NO_PROXY": "direct.test"}))
		if _, err := get(t, up, "http://models.test/v1", 1); err != nil {
			t.Fatal(err)
		}
		if want := "http://models.test/v1 Basic dTpw"; got != want {
			t.Errorf("%s: the proxy saw %q, want %q", name, got, want)
		}
		if _, err := get(t, up, "http://direct.test:1/", 1); err == nil {
			t.Errorf("NO_PROXY was not honoured")
		}
		up.Close()
	}
}
