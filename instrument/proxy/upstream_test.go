package proxy

import (
	"bufio"
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func env(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

// get asks for base by HTTP/1.1 through a proxy, or by HTTP/2.
func get(t *testing.T, up *Upstream, base string, major int) (*http.Response, error) {
	t.Helper()
	var resp *http.Response
	var err error
	if major == 1 {
		resp, err = client(t).Get(start(t, base, func(c *Config) { c.Upstream = up }).URL("up"))
	} else {
		req, _ := http.NewRequest("GET", base, nil)
		resp, err = up.RoundTrip(req)
	}
	if err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return resp, err
}

// trusted is a file with srv's certificate.
func trusted(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUsersRootsAreHonoured(t *testing.T) {
	spoken := make(chan int, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { spoken <- r.ProtoMajor }))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	file := trusted(t, srv)
	for _, name := range append([]string{""}, trustVariables...) {
		t.Run(name, func(t *testing.T) {
			up := NewUpstream(env(map[string]string{name: file}))
			defer up.Close()
			for _, major := range []int{1, 2} {
				_, err := get(t, up, srv.URL, major)
				if name == "" {
					if err == nil {
						t.Fatal("an unknown root was trusted")
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := <-spoken; got != major {
					t.Errorf("spoke HTTP/%d upstream, the client spoke HTTP/%d", got, major)
				}
			}
		})
	}
}

func TestUsersProxyIsHonoured(t *testing.T) {
	got := make(chan string, 1)
	company := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got <- r.RequestURI + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
	}))
	defer company.Close()
	proxyURL := "http://u:p@" + company.Listener.Addr().String()
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		for _, major := range []int{1, 2} {
			up := NewUpstream(env(map[string]string{name: proxyURL, "NO_PROXY": "direct.test"}))
			if _, err := get(t, up, "http://models.test/v1", major); err != nil {
				t.Fatal(err)
			}
			if g, want := <-got, "http://models.test/v1 models.test Basic dTpw"; g != want {
				t.Errorf("%s: the proxy saw %q, want %q", name, g, want)
			}
			if _, err := get(t, up, "http://direct.test:1/", major); err == nil {
				t.Errorf("NO_PROXY was not honoured")
			}
			up.Close()
		}
	}
}

// A company's proxy that tunnels, spoken to in each way that there is.
func TestTLSGoesThroughTheUsersProxy(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "through") }))
	defer srv.Close()
	target := srv.Listener.Addr().String()
	asked := make(chan string, 1)
	connect := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.RequestURI + " " + r.Header.Get("Proxy-Authorization")
		if r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		join(t, conn, rw, target)
	})
	plain, secure := httptest.NewServer(connect), httptest.NewTLSServer(connect)
	defer plain.Close()
	defer secure.Close()
	file := trusted(t, srv) // httptest's own, the same for both, good for example.com
	socks := rawServer(t, func(c net.Conn, r *bufio.Reader) {
		b := make([]byte, 512)
		read := func(n int) []byte { io.ReadFull(r, b[:n]); return b[:n] }
		read(int(read(2)[1])) // RFC 1928 §3: the methods
		c.Write([]byte{5, 2}) // name and password
		read(int(read(2)[1])) // RFC 1929 §2
		read(int(read(1)[0])) // the password
		c.Write([]byte{1, 0}) // let in
		host := read(4)[3]    // the kind of address
		length := map[byte]int{1: 4}[host]
		if host == 3 {
			length = int(read(1)[0])
		}
		asked <- "SOCKS " + string(read(length))
		read(2)
		c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		join(t, c, r, target)
	})
	for _, tt := range []struct{ name, proxy, want string }{
		{"http", "http://u:p@" + plain.Listener.Addr().String(), "CONNECT example.com:443 Basic dTpw"},
		{"https", "https://u:p@" + secure.Listener.Addr().String(), "CONNECT example.com:443 Basic dTpw"},
		{"socks5", strings.Replace(socks, "http://", "socks5://u:p@", 1), "SOCKS example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up := NewUpstream(env(map[string]string{"https_proxy": tt.proxy, "CURL_CA_BUNDLE": file}))
			defer up.Close()
			s := start(t, "https://example.com", func(c *Config) { c.Upstream = up })
			resp, err := client(t).Get(s.URL("up") + "/v1")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if b, _ := io.ReadAll(resp.Body); string(b) != "through" {
				t.Errorf("got %q", b)
			}
			if g := <-asked; g != tt.want {
				t.Errorf("the proxy was asked %q, want %q", g, tt.want)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		up := NewUpstream(env(map[string]string{"https_proxy": "http://" + plain.Listener.Addr().String()}))
		defer up.Close()
		conn, _, err := up.dial(context.Background(), &url.URL{Scheme: "https", Host: "example.com"})
		if err == nil {
			conn.Close()
			t.Fatal("no error")
		}
		if !strings.Contains(err.Error(), "407") {
			t.Errorf("got %v", err)
		}
		<-asked
	})
}

// join pours client and the server at target into one another until one ends.
func join(t *testing.T, client net.Conn, from io.Reader, target string) {
	server, err := net.Dial("tcp", target)
	if err != nil {
		t.Error(err)
		return
	}
	done := make(chan struct{})
	go func() { // ends with the client
		defer close(done)
		io.Copy(server, from)
		server.Close()
	}()
	io.Copy(client, server)
	client.Close()
	<-done
}
