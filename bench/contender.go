package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tlsHost is the name of the upstream where it speaks TLS. No name server knows
// it: a proxy leads there.
const tlsHost = "bench.example"

// The contenders' names, as the tables have them.
const (
	direct    = "direct"
	bare      = "ReverseProxy"
	ourOff    = "otel-genai, telemetry off"
	ourOn     = "otel-genai, everything on"
	withNginx = "nginx"
	withMitm  = "mitmproxy"
)

// contender is one of those that stand between a client and the upstream.
type contender struct {
	name    string
	way     way
	to      target
	pid     int    // 0: nobody
	service string // whose spans the sink counts; "": none
}

// field is everything that is started for a measurement.
type field struct {
	dir        string
	program    string // otel-genai's binary
	self       string // ours
	upstream   string // addresses
	secure     string
	relay      string
	sink       string
	contenders []*contender
	stops      []func()
}

func (f *field) stop() {
	for _, s := range slices.Backward(f.stops) {
		s()
	}
	http.DefaultClient.CloseIdleConnections()
}

// process is a child that ends when its stdin does.
type process struct {
	cmd   *exec.Cmd
	out   *bufio.Reader
	stdin io.Closer
}

func (f *field) start(env []string, argv ...string) (*process, error) {
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:gosec // what we build, or found on the PATH
	cmd.Env = append(environment(), env...)
	cmd.Stderr = os.Stderr
	cmd.Dir = f.dir
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd, bufio.NewReader(out), in}
	f.stops = append(f.stops, p.stop)
	return p, nil
}

func (p *process) stop() {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(os.Interrupt)
	late := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
	_, _ = io.Copy(io.Discard, p.out)
	_ = p.cmd.Wait()
	late.Stop()
}

func (p *process) line() (string, error) {
	text, err := p.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s said no more: %w", filepath.Base(p.cmd.Path), err)
	}
	return strings.TrimSpace(text), nil
}

// environment is ours without what would change a contender.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(strings.ToUpper(kv), "=")
		return strings.HasPrefix(name, "OTEL_") || strings.HasSuffix(name, "_PROXY") || strings.HasSuffix(name, "_BASE_URL") || name == "SSL_CERT_FILE" || name == "SSL_CERT_DIR"
	})
}

// role starts this program as one of the parts, and returns its address.
func (f *field) role(name string, args ...string) (string, int, error) {
	p, err := f.start(nil, append([]string{f.self, roleMark, name}, args...)...)
	if err != nil {
		return "", 0, err
	}
	address, err := p.line()
	return address, p.cmd.Process.Pid, err
}

// newField builds otel-genai and starts everything.
func newField(ctx context.Context, dir, program string) (f *field, err error) {
	f = &field{dir: dir, program: program}
	defer func() {
		if err != nil {
			f.stop()
		}
	}()
	if f.self, err = os.Executable(); err != nil {
		return f, err
	}
	if f.program == "" {
		if f.program, err = build(ctx, dir); err != nil {
			return f, err
		}
	}
	if err = makeAuthority(dir); err != nil {
		return f, err
	}
	if f.upstream, _, err = f.role("upstream"); err != nil {
		return f, err
	}
	if f.secure, _, err = f.role("upstream", dir); err != nil {
		return f, err
	}
	if f.relay, _, err = f.role("relay", f.secure); err != nil {
		return f, err
	}
	if f.sink, _, err = f.role("sink"); err != nil {
		return f, err
	}
	for _, add := range []func() error{f.addPlain, f.addOurs, f.addTunnels, f.addNginx, f.addMitm} {
		if err = add(); err != nil {
			return f, err
		}
	}
	return f, nil
}

// build makes the binary as a release has it.
func build(ctx context.Context, dir string) (string, error) {
	out := filepath.Join(dir, "otel-genai")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, "github.com/otel-genai/otel-genai") //nolint:gosec // our own
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build otel-genai: %w\n%s", err, text)
	}
	return out, nil
}

func plain(address string) target { return target{address: address, host: address, path: apiPath} }

func (f *field) addPlain() error {
	f.contenders = append(f.contenders, &contender{name: direct, way: baseURL, to: plain(f.upstream)})
	address, pid, err := f.role("reverse", f.upstream)
	f.contenders = append(f.contenders, &contender{name: bare, way: baseURL, to: plain(address), pid: pid})
	return err
}

// everything turns on what can be recorded, and sends it to the sink.
func (f *field) everything(service string) []string {
	return []string{
		"XDG_STATE_HOME=" + filepath.Join(f.dir, "state"),
		"OTEL_SERVICE_NAME=" + service,
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + f.sink,
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
		"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_AND_EVENT",
		"OTEL_BSP_SCHEDULE_DELAY=200", "OTEL_BLRP_SCHEDULE_DELAY=200",
	}
}

func (f *field) addOurs() error {
	for _, c := range []*contender{{name: ourOff}, {name: ourOn, service: "base-url"}} {
		env := []string{"OTEL_SDK_DISABLED=true"}
		if c.service != "" {
			env = f.everything(c.service)
		}
		p, err := f.start(env, f.program, "proxy", "--genai_listen", "127.0.0.1:0", "--genai_upstream", "openai=http://"+f.upstream)
		if err != nil {
			return err
		}
		c.way, c.pid = baseURL, p.cmd.Process.Pid
		for c.to.address == "" {
			line, err := p.line()
			if err != nil {
				return err
			}
			if text, ok := strings.CutPrefix(line, "openai "); ok {
				u, err := url.Parse(text)
				if err != nil {
					return err
				}
				c.to = target{address: u.Host, host: u.Host, path: strings.TrimSuffix(u.Path, "/") + strings.TrimPrefix(apiPath, "/v1")}
			}
		}
		f.contenders = append(f.contenders, c)
	}
	return nil
}

// held is what a program learns from the environment that a run gives it.
type held struct{ Proxy, Roots string }

// hold prints that, and stays until stdin ends.
func hold() error {
	h := held{Proxy: os.Getenv("HTTPS_PROXY"), Roots: os.Getenv("SSL_CERT_FILE")}
	if err := json.NewEncoder(os.Stdout).Encode(h); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func (f *field) addTunnels() error {
	roots, err := rootsIn(filepath.Join(f.dir, "ca.pem"))
	if err != nil {
		return err
	}
	through := func(address string) target {
		return target{address: address, host: tlsHost, path: apiPath, roots: roots}
	}
	f.contenders = append(f.contenders, &contender{name: direct, way: connect, to: through(f.relay)})
	address, pid, err := f.role("opening", f.relay, f.dir)
	if err != nil {
		return err
	}
	f.contenders = append(f.contenders, &contender{name: bare, way: connect, to: through(address), pid: pid})

	c := &contender{name: ourOn, way: connect, service: "connect"}
	env := append(f.everything(c.service), "HTTPS_PROXY=http://"+f.relay, "SSL_CERT_FILE="+filepath.Join(f.dir, "ca.pem"))
	p, err := f.start(env, f.program, "run", "--genai_inject", "proxy", "--genai_hosts", tlsHost, "--", f.self, roleMark, "hold")
	if err != nil {
		return err
	}
	line, err := p.line()
	if err != nil {
		return err
	}
	var h held
	if err := json.Unmarshal([]byte(line), &h); err != nil {
		return err
	}
	u, err := url.Parse(h.Proxy)
	if err != nil || u.User == nil || h.Roots == "" {
		return errors.New("the run gave its program no proxy of its own")
	}
	if roots, err = rootsIn(h.Roots); err != nil {
		return err
	}
	password, _ := u.User.Password()
	c.to = target{
		address: u.Host, host: tlsHost, path: apiPath, roots: roots,
		auth: "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)),
	}
	c.pid = p.cmd.Process.Pid
	f.contenders = append(f.contenders, c)
	return nil
}

func rootsIn(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file) //nolint:gosec // of this measurement's
	pool := x509.NewCertPool()
	if err == nil && !pool.AppendCertsFromPEM(text) {
		err = errors.New(file + " has no certificates")
	}
	return pool, err
}

// makeAuthority writes ca.pem, and a certificate for the upstream that it signs
// with its key, into dir.
func makeAuthority(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: tlsHost}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{tlsHost}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem":   {Type: "CERTIFICATE", Bytes: caDER},
		"cert.pem": {Type: "CERTIFICATE", Bytes: leafDER},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func certificateIn(dir string) (tls.Certificate, error) {
	return tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
}

// freeAddress is one that nobody listens on just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (f *field) addNginx() error {
	path, err := exec.LookPath("nginx")
	if err != nil {
		return nil //nolint:nilerr // it is not installed
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	config := filepath.Join(f.dir, "nginx.conf")
	err = os.WriteFile(config, fmt.Appendf(nil, `daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/nginx.log;
events { worker_connections 4096; }
http {
	access_log off; client_max_body_size 0; client_body_buffer_size 128k; client_body_temp_path %[1]s/nginx-body; proxy_temp_path %[1]s/nginx-proxy;
	fastcgi_temp_path %[1]s/nginx-f; uwsgi_temp_path %[1]s/nginx-u; scgi_temp_path %[1]s/nginx-s; keepalive_requests 1000000;
	upstream there { server %[2]s; keepalive 1024; keepalive_requests 1000000; }
	server { listen %[3]s; location / { proxy_pass http://there; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } }
}
`, f.dir, f.upstream, address), 0o600)
	if err != nil {
		return err
	}
	return f.addOther(withNginx, address, path, "-c", config, "-e", filepath.Join(f.dir, "nginx.log"))
}

func (f *field) addMitm() error {
	path, err := exec.LookPath("mitmdump")
	if err != nil {
		return nil //nolint:nilerr // it is not installed
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(address)
	return f.addOther(withMitm, address, path, "--quiet", "--mode", "reverse:http://"+f.upstream, "--listen-host", "127.0.0.1", "--listen-port", port,
		"--set", "stream_large_bodies=1", "--set", "confdir="+f.dir)
}

// addOther starts a program that doesn't say when it is ready.
func (f *field) addOther(name, address string, argv ...string) error {
	p, err := f.start(nil, argv...)
	if err != nil {
		return err
	}
	ready := time.Now().Add(timeLimit)
	for {
		resp, err := http.Get("http://" + address + "/ready") //nolint:gosec,noctx // our own, and bounded by its answer
		if err == nil {
			_ = resp.Body.Close()
			break
		}
		if time.Now().After(ready) {
			return fmt.Errorf("%s does not begin to serve: %w", name, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.contenders = append(f.contenders, &contender{name: name, way: baseURL, to: plain(address), pid: p.cmd.Process.Pid})
	return nil
}

// arrived is how many spans of a service are in the sink.
func (f *field) arrived(service string) int {
	resp, err := http.Get("http://" + f.sink + "/count?service=" + url.QueryEscape(service)) //nolint:noctx // our own sink
	if err != nil {
		return -1
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(resp.Body)
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

// await returns how many spans of a service there are when there are as many as
// wanted, or it has taken too long.
func (f *field) await(service string, want int) int {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if n := f.arrived(service); n >= want || time.Now().After(end) {
			return n
		}
	}
}
