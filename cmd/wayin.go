package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/proxy"
	"github.com/otel-genai/otel-genai/internal/refusals"
	"github.com/otel-genai/otel-genai/launcher/ca"
	"github.com/otel-genai/otel-genai/launcher/inject"
)

// wayIn is how a run's calls are led to us: the plan, the proxy that it leads
// to, and the files that the programs read.
type wayIn struct {
	plan    inject.Injection
	server  *proxy.Server // nil: nothing leads here
	places  inject.Places
	folder  *ca.Dir // nil: no files
	refused *refusals.Memory
	state   string // the folder of what is remembered between runs

	mu     sync.Mutex
	opened []string // the hosts whose TLS was opened
}

// ways are those asked for by --genai_inject.
func (v values) ways() []inject.Way {
	var ways []inject.Way
	for word := range strings.SplitSeq(v.text(varInject), ",") {
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" {
			ways = append(ways, inject.Way(word))
		}
	}
	return ways
}

// leads reports whether calls are to be led to us.
func (v values) leads() bool { return !slices.Contains(v.ways(), inject.None) }

func checkInject(text string, _ values) *misuse {
	var names []string
	for _, w := range inject.Ways {
		names = append(names, string(w))
	}
	count := 0
	for word := range strings.SplitSeq(text, ",") {
		word = strings.ToLower(strings.TrimSpace(word))
		if !slices.Contains(names, word) {
			return &misuse{fmt.Sprintf("%q is no way in", word), "write one or several of " + strings.Join(names, ", ") + ", with commas between"}
		}
		count++
	}
	if count > 1 && slices.Contains(strings.Split(strings.ToLower(strings.ReplaceAll(text, " ", "")), ","), string(inject.None)) {
		return &misuse{"none stands beside other ways", "leave it out, or leave them out"}
	}
	return nil
}

// hosts are those whose calls are read: patterns of which TLS is opened, and
// servers that are called by plain HTTP.
type hosts struct {
	patterns []string
	plain    []string
}

// given are the providers', and those that --genai_hosts adds.
func (v values) hosts() hosts {
	var h hosts
	for i := range codec.Providers {
		h.patterns = append(h.patterns, codec.Providers[i].Hosts...)
	}
	own, _ := parseHosts(v.text(varHosts))
	h.patterns = append(h.patterns, own.patterns...)
	h.plain = own.plain
	return h
}

// opens reports whether TLS to a host is opened.
func (h hosts) opens(host string) bool {
	return slices.ContainsFunc(h.patterns, func(p string) bool { return codec.MatchHost(p, host) })
}

func checkHosts(text string, _ values) *misuse {
	_, wrong := parseHosts(text)
	return wrong
}

// parseHosts reads a list of hosts: api.example.com, *.example.com, or
// http://10.0.0.5:8000 for a server that is called by plain HTTP.
func parseHosts(text string) (hosts, *misuse) {
	const hint = "write a host name, *.example.com, or http://HOST:PORT for a server without TLS"
	var h hosts
	for part := range strings.SplitSeq(text, ",") {
		part = strings.ToLower(strings.TrimSpace(part))
		if part == "" {
			continue
		}
		scheme, rest, ok := strings.Cut(part, "://")
		if !ok {
			scheme, rest = "https", part
		}
		u, err := url.Parse("x://" + strings.ReplaceAll(rest, "*", "star"))
		if err != nil || scheme != "http" && scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return hosts{}, &misuse{fmt.Sprintf("%q is no host", shownURL(part)), hint}
		}
		if loopback(u.Hostname()) {
			return hosts{}, &misuse{u.Hostname() + " is this machine, and calls to it go by no proxy", "give its URL where your program takes one, as in OPENAI_BASE_URL=http://" + u.Host + "/v1: that is led here"}
		}
		rest = strings.TrimRight(rest, "/")
		if scheme == "http" {
			h.plain = append(h.plain, rest)
			continue
		}
		host := rest
		if u.Port() != "" {
			host = strings.TrimSuffix(rest, ":"+u.Port())
		}
		if _, err := ca.Domains([]string{host}); err != nil {
			return hosts{}, &misuse{err.Error(), hint}
		}
		h.patterns = append(h.patterns, host)
	}
	return h, nil
}

// given is what a plan for j is made from.
func (m *program) given(v values, j job) inject.Given {
	return inject.Given{
		Environ: j.environ, Words: j.words(), FirstLine: firstLine(programPath(j.command.Name)),
		Ways: v.ways(), Plain: len(v.hosts().plain) > 0,
	}
}

// firstLine is the first line of a script, or empty.
func firstLine(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, 256)
	n, _ := f.Read(b)
	line, _, _ := strings.Cut(string(b[:n]), "\n")
	if !strings.HasPrefix(line, "#!") {
		return ""
	}
	return line
}

// openWay plans the way in and makes all that it needs.
func (m *program) openWay(v values, j job, t *telemetry, r *runSpan, secret string) (*wayIn, error) {
	given := m.given(v, j)
	w := &wayIn{plan: inject.Plan(given)}
	hosts := v.hosts()
	c := proxy.Config{Secret: secret, Greeting: newSecret(), OneClient: true, Upstream: t.upstream, Transport: t.transport, Parent: r.parent, Propagator: t.propagator, Warn: t.fault}
	var authority *ca.Authority
	var files map[string][]byte
	if w.plan.Forward || w.plan.Unchecked {
		var err error
		if authority, err = ca.New(hosts.patterns); err != nil {
			return nil, setupFailure(err, "see --genai_hosts")
		}
		files, err = w.trustFiles(authority.PEM(), javaHomes(getenvOf(j.environ), programPath(j.command.Name)))
		if err == nil {
			ca.Sweep(runsFolder(), inUse)
			if w.folder, err = ca.MakeDir(runsFolder()); err != nil {
				err = fmt.Errorf("has no folder to put its certificates in: %w", err)
			}
		}
		if err != nil {
			given.Unrooted = err.Error()
			w.plan = inject.Plan(given)
			m.say.warn("calls by HTTPS are not seen: the proxy "+given.Unrooted, heldHint(w.plan))
		}
	}
	if w.plan.Forward || w.plan.Unchecked {
		w.state = stateFolder(m.getenv)
		w.refused = refusals.Open(m.refusalsFile(), refusals.Identify(programPath(j.command.Name), j.command.Args))
		deaf := refusals.Known(programPath(j.command.Name), runtime.GOOS) != ""
		c.Intercept = &proxy.Intercept{
			Opens:       func(host string) bool { return !deaf && hosts.opens(host) && !w.refused.Has(host, time.Now()) },
			Certificate: authority.Certificate,
			Opened:      w.sawOpened,
			Refused:     func(host string) { m.refuses(w, host) },
			Unchecked:   w.plan.Unchecked,
		}
	}
	for _, route := range w.plan.Routes {
		u, err := url.Parse(route.Upstream)
		if err != nil { // the plan took it for one that leads somewhere
			return nil, errors.Join(setupFailure(fmt.Errorf("%s has no usable URL", strings.Join(route.Variables, ", ")), "see that it is an http or https URL"), w.discard())
		}
		c.Routes = append(c.Routes, proxy.Route{ID: route.ID, Provider: codec.ByShort(route.Provider), Upstream: u})
	}
	if len(c.Routes) == 0 && c.Intercept == nil {
		return w, nil
	}
	var err error
	if w.server, err = proxy.Listen(c); err != nil {
		_ = w.discard()
		return nil, listenFailure("127.0.0.1", err, "otel-genai needs a free port there; --genai_inject none runs the program without one")
	}
	w.places = inject.Places{Route: func(r inject.Route) string { return w.server.URL(r.ID) }, Proxy: w.server.ProxyURL(), Unchecked: w.server.UncheckedAddr(), Files: map[string]string{}}
	if err := w.write(files, hosts.patterns); err != nil {
		w.close(canceled())
		_ = w.discard()
		return nil, setupFailure(fmt.Errorf("the files for the program could not be written: %w", err), "make room in "+runsFolder()+", or give --genai_inject base-url")
	}
	return w, nil
}

// heldHint is the way out of the first decision that brings one.
func heldHint(plan inject.Injection) string {
	for _, d := range plan.Decisions {
		if d.Hint != "" {
			return d.Hint
		}
	}
	return ""
}

// trustFiles are the texts of the plan's files of roots, by name. A user's file
// that can't be read is left to the program, which meets it as it always did.
// The error says why there is nothing to trust.
func (w *wayIn) trustFiles(own []byte, javas []string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, f := range slices.Clone(w.plan.Files) {
		switch f.Kind {
		case inject.RootsFile:
			text, err := ca.Bundle(ca.Trust{Files: f.Roots, Folders: f.Folders, Additive: f.Additive}, own)
			switch {
			case errors.Is(err, ca.ErrNoRoots):
				return nil, fmt.Errorf("has no certificates to join: %w", err)
			case err != nil:
				w.plan.Drop(f.Name, "names a file that can't be read", "see that it holds certificates: "+strings.Join(f.Roots, ", "))
				continue
			}
			files[f.Name] = text
		case inject.StoreFile:
			store, err := ca.TrustStore(javas, own, inject.StorePassword)
			if err != nil {
				w.plan.Drop(f.Name, "is left alone: "+err.Error(), "set JAVA_HOME to the Java installation that the program uses")
				continue
			}
			files[f.Name] = store
		}
	}
	return files, nil
}

// write writes the plan's files.
func (w *wayIn) write(files map[string][]byte, patterns []string) error {
	if w.folder == nil {
		return nil
	}
	for _, f := range w.plan.Files { // those of roots first: the others name them
		if text, ok := files[f.Name]; ok {
			path, err := w.folder.Write(f.Name, text)
			if err != nil {
				return err
			}
			w.places.Files[f.Name] = path
		}
	}
	for _, f := range w.plan.Files {
		var text []byte
		switch f.Kind {
		case inject.HookFile:
			text = inject.NodeHook(patterns)
		case inject.IniFile:
			text = inject.PHPSettings(w.places.Files[w.plan.PHPRoots()])
		default:
			continue
		}
		write := w.folder.Write
		if f.Kind == inject.HookFile {
			write = w.folder.WriteForAll
		}
		path, err := write(filepath.Join(f.Within, f.Name), text)
		if err != nil {
			return err
		}
		w.places.Files[f.Name] = path
	}
	return nil
}

// close ends the proxy within ctx.
func (w *wayIn) close(ctx context.Context) {
	if w.server != nil {
		_ = w.server.Shutdown(ctx)
	}
}

// remove removes the files, unless programs are left that read them, or nobody
// can tell. The next run removes what was left.
func (w *wayIn) remove() {
	switch {
	case w.folder == nil:
	case inUse == nil || inUse(w.folder.Path()):
		_ = w.folder.Leave()
	default:
		_ = w.folder.Remove()
	}
}

func (w *wayIn) discard() error {
	w.remove()
	return nil
}

// sawOpened notes a host whose TLS was opened.
func (w *wayIn) sawOpened(host string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.opened, host) && len(w.opened) < maxTold {
		w.opened = append(w.opened, host)
	}
}

// tellOpened says, the first time on a machine, that TLS was opened.
func (w *wayIn) tellOpened(say *voice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.opened) == 0 || !refusals.Once(filepath.Join(w.state, "tls-opened")) {
		return
	}
	say.note("to see calls, TLS to " + sentence(w.opened, "and") + " was opened on this machine, by a certificate authority that this run alone had")
	say.note("hint: --genai_inject base-url opens none; docs/SECURITY.md tells what is and is not read (this is said once)")
}

// refuses notes that a program would not have our certificate for a host. It
// says so once, with the way out.
func (m *program) refuses(w *wayIn, host string) {
	if !w.refused.Add(host, time.Now()) {
		return
	}
	m.say.warn("the program trusts only certificates of its own for "+host+", and refused the one that shows its calls: that call failed, and those that follow pass unread",
		"--genai_inject base-url may show them; otel-genai doctor --forget tries again")
}

// runsFolder is where runs put their files: of this user alone.
func runsFolder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("otel-genai-%d", os.Geteuid()))
}

// inUse reports whether a program has a run's folder in its environment. Where
// that can't be seen it is nil.
var inUse = func() func(string) bool {
	if !canSeeHolders {
		return nil
	}
	return func(path string) bool { return len(holders(path)) > 0 }
}()

// stateFolder is where runs keep what they remember: XDG_STATE_HOME/otel-genai
// (XDG Base Directory Specification 0.8).
func stateFolder(getenv func(string) string) string {
	base := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(base) {
		home, err := os.UserHomeDir()
		if err != nil {
			return runsFolder()
		}
		base = filepath.Join(home, ".local", "state")
		if local := getenv("LOCALAPPDATA"); local != "" && os.PathSeparator == '\\' {
			base = local
		}
	}
	return filepath.Join(base, "otel-genai")
}

// javaHomes are the Java installations that a program may run in: the one that
// is named, and that of the java that is found first.
func javaHomes(getenv func(string) string, program string) []string {
	var homes []string
	if home := getenv("JAVA_HOME"); home != "" {
		homes = append(homes, home)
	}
	for _, java := range []string{program, programPath("java")} {
		if real, err := filepath.EvalSymlinks(java); err == nil && java != "" {
			homes = append(homes, filepath.Dir(filepath.Dir(real)), filepath.Dir(filepath.Dir(filepath.Dir(real))))
		}
	}
	return homes
}
