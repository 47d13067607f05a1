package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// reverse is what we compare with: the standard library's proxy that records
// nothing, set up so that it cuts no stream and keeps its connections.
func reverse(to *url.URL, transport *http.Transport) http.Handler {
	transport.MaxIdleConnsPerHost = 4096
	transport.DisableCompression = true
	p := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport:     transport,
		FlushInterval: -1,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Else the server closes the request's body when the answer begins, and a
		// transport that has not seen its end by then gives the connection up.
		_ = http.NewResponseController(w).EnableFullDuplex()
		p.ServeHTTP(w, r)
	})
}

// relay is a proxy that leads every CONNECT to one address and looks at
// nothing: the company's proxy of the scenarios with TLS.
func relay(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server, err := net.Dial("tcp", to)
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "only CONNECT", http.StatusBadGateway)
			return
		}
		client, err := established(w)
		if err != nil {
			_ = server.Close()
			return
		}
		go func() { // ends with either side
			_, _ = io.Copy(server, client)
			_ = server.Close()
		}()
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
}

// opening is a proxy that ends the TLS of each CONNECT itself, and passes what
// is in it to handler.
func opening(cert tls.Certificate, handler http.Handler) http.Handler {
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "only CONNECT", http.StatusBadGateway)
			return
		}
		conn, err := established(w)
		if err != nil {
			return
		}
		l := &once{conn: make(chan net.Conn, 1)}
		l.conn <- tls.Server(conn, config)
		close(l.conn)
		s := &http.Server{Handler: handler, ReadHeaderTimeout: timeLimit}
		_ = s.Serve(l) // returns at once; the connection is served on
	})
}

func established(w http.ResponseWriter) (net.Conn, error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	return conn, err
}

// once is a listener with one connection.
type once struct{ conn chan net.Conn }

func (o *once) Accept() (net.Conn, error) {
	if c, ok := <-o.conn; ok {
		return c, nil
	}
	return nil, errors.New("there is no other")
}

func (o *once) Close() error   { return nil }
func (o *once) Addr() net.Addr { return &net.TCPAddr{} }
