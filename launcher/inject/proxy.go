package inject

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// loopback are the names that never go by the proxy. Not every client
// understands ranges: httpx 0.28, aiohttp 3.14 and Node 24 want them one by one.
var loopback = []string{"localhost", "127.0.0.1", "::1"}

// trustRow is a variable that names a file of certificates.
type trustRow struct {
	variable string
	// instead are the variables that its clients read where it is not set, in
	// their order: a file that stands in for it must hold what theirs would.
	instead []string
	folders []string // variables that name folders of certificates, which add
	// additive: its clients keep roots of their own beside the file's.
	additive bool
	// onlySet: it is touched only where the user set it, since its clients read
	// another row's otherwise.
	onlySet bool
}

// trustRows is the table, with who was seen to follow it.
var trustRows = []trustRow{
	// httpx 0.28.1, httpx2 2.16.2 and the SDKs over them, urllib, aiohttp 3.14.5,
	// curl 7.88, Go, reqwest 0.13 (rustls and native-tls), Ruby 3.1, codex 0.169,
	// bun (claude-code 2.1, opencode 1.18). It takes the place of the system's
	// roots for httpx and rustls, so that they must be in it.
	{variable: "SSL_CERT_FILE", folders: []string{"SSL_CERT_DIR"}},
	// curl; requests where REQUESTS_CA_BUNDLE is not set.
	{variable: "CURL_CA_BUNDLE", instead: []string{"SSL_CERT_FILE"}, folders: []string{"SSL_CERT_DIR"}},
	// requests 2.34; boto3 where AWS_CA_BUNDLE is not set.
	{variable: "REQUESTS_CA_BUNDLE", instead: []string{"CURL_CA_BUNDLE"}},
	// boto3 1.44.
	{variable: "AWS_CA_BUNDLE", instead: []string{"REQUESTS_CA_BUNDLE"}},
	// grpcio 1.85, which reads no other.
	{variable: "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"},
	// Node 7.3 and later, bun: added to compiled roots.
	{variable: "NODE_EXTRA_CA_CERTS", additive: true},
	// Deno: added to Mozilla's.
	{variable: "DENO_CERT", additive: true},
	// codex 0.169, which reads SSL_CERT_FILE where it is not set.
	{variable: "CODEX_CA_CERTIFICATE", onlySet: true},
}

// planProxy sets what makes clients use a forward proxy, and trust it.
func (in *Injection) planProxy(g Given) {
	if g.Unrooted != "" {
		in.hold(Decision{Way: Proxy, Variable: "HTTPS_PROXY"}, "the proxy "+g.Unrooted, "install the system's certificates (ca-certificates), or set SSL_CERT_FILE to a file of them")
		return
	}
	if g.auto() || g.asks(Proxy) {
		in.Forward = true
		in.planProxyVariables(g)
		in.planTrust(g)
		in.planNode(g)
		in.planPHP(g)
	}
	if runsJava(g) || g.asks(Java) {
		in.planJava(g)
	}
}

func (in *Injection) planProxyVariables(g Given) {
	// Each in both cases: curl and Go read either, grpcio 1.85 only the lower one.
	for _, v := range []string{"HTTPS_PROXY", "https_proxy", "grpc_proxy"} {
		in.proxyVariable(g, v, "leads calls by HTTPS through us; all but those of models pass unread")
	}
	why := ""
	switch {
	case g.Plain:
		why = "leads calls by plain HTTP through us, since --genai_hosts names such a server"
	case runsRuby(g):
		// net/http of Ruby 3.1 reads http_proxy for https, too, and nothing else. It
		// warns of HTTP_PROXY alone, so that one comes only where the user had it.
		why = "leads calls of Ruby's net/http through us"
	}
	if why != "" {
		_, upper := lookup(g.Environ, "HTTP_PROXY")
		_, lower := lookup(g.Environ, "http_proxy")
		if upper {
			in.proxyVariable(g, "HTTP_PROXY", why)
		}
		if lower || !upper {
			in.proxyVariable(g, "http_proxy", why)
		}
	}
	for _, v := range []string{"NO_PROXY", "no_proxy"} {
		if caseless && v == "no_proxy" {
			continue
		}
		old, set := lookup(g.Environ, v)
		own := old
		if own == "" {
			own, _ = first(g.Environ, "NO_PROXY", "no_proxy")
		}
		d := Decision{Way: Proxy, Variable: v, Action: Set, Old: old, WasSet: set, Why: "keeps this machine's own servers out of it"}
		if set {
			d.Action = Replaced
		}
		in.put(d, func(Injection, Places) string { return withLoopback(own) })
	}
}

// proxyVariable gives a variable the proxy's URL. The user's own proxy is what
// we go on by.
func (in *Injection) proxyVariable(g Given, variable, why string) {
	if caseless && variable == "https_proxy" {
		return // it is HTTPS_PROXY
	}
	old, set := lookup(g.Environ, variable)
	d := Decision{Way: Proxy, Variable: variable, Action: Set, WasSet: set, Why: why}
	if old != "" {
		d.Action, d.Old = Replaced, show(old)
		d.Why += "; we go on by the one that it had"
	}
	in.put(d, func(_ Injection, p Places) string { return p.Proxy })
}

// withLoopback is a NO_PROXY with the loopback names in it. "*" excludes all
// already, and must stand alone.
func withLoopback(list string) string {
	names := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if slices.Contains(names, "*") {
		return list
	}
	out := strings.TrimRight(list, ", ")
	for _, l := range loopback {
		if slices.Contains(names, l) {
			continue
		}
		if out != "" {
			out += ","
		}
		out += l
	}
	return out
}

// planTrust makes clients trust what the proxy says.
func (in *Injection) planTrust(g Given) {
	for _, r := range trustRows {
		old, set := lookup(g.Environ, r.variable)
		if r.onlySet && old == "" {
			continue
		}
		f := File{Kind: RootsFile, Additive: r.additive, Name: "roots.pem"}
		if r.additive {
			f.Name = "root.pem"
		}
		from, whose := first(g.Environ, append([]string{r.variable}, r.instead...)...)
		if from != "" {
			f.Roots, f.Name = []string{from}, "roots-"+strings.ToLower(whose)+".pem"
		}
		for _, v := range r.folders {
			if folder, _ := lookup(g.Environ, v); folder != "" {
				f.Folders = append(f.Folders, strings.Split(folder, string(listSeparator))...)
				if from == "" {
					f.Name = "roots-" + strings.ToLower(v) + ".pem"
				}
			}
		}
		d := Decision{Way: Proxy, Variable: r.variable, Action: Set, Old: old, WasSet: set, Why: "names the roots that were trusted, and the run's own"}
		if r.additive {
			d.Why = "adds the run's own root"
		}
		if old != "" {
			d.Action, d.Why = Replaced, "holds what the old file does, and the run's own root"
		}
		d.File = in.file(f)
		in.put(d, func(_ Injection, p Places) string { return p.Files[d.File] })
	}
}

// planNode makes Node come here, by a hook. Node before 22 reads no proxy variable
// (20.20.2), later ones only where NODE_USE_ENV_PROXY says so, and node:http2
// never. That variable is the user's to set: 22.23.3 prints a warning for it. The
// hook is always there, since any program may start one of Node's.
func (in *Injection) planNode(g Given) {
	const use = "NODE_USE_ENV_PROXY"
	if _, set := lookup(g.Environ, use); g.Plain && !set {
		in.put(Decision{Way: Proxy, Variable: use, Action: Set, Why: "makes Node 22 and later read http_proxy, for the server that --genai_hosts names"},
			func(Injection, Places) string { return "1" })
	}
	old, set := lookup(g.Environ, "NODE_OPTIONS")
	d := Decision{Way: Proxy, Variable: "NODE_OPTIONS", Action: Set, Old: old, WasSet: set, Why: "loads what leads calls of Node's programs to providers through us"}
	if old != "" {
		d.Action = Replaced
	}
	d.File = in.file(File{Name: "hook.cjs", Kind: HookFile})
	in.put(d, func(_ Injection, p Places) string { return NodeOptions(old, p.Files["hook.cjs"]) })
}

// planPHP makes PHP's curl trust what the proxy says: it reads no variable that
// names a file, but settings in a folder (measured with 8.2.36). An empty entry
// stands for the folder that was compiled in.
func (in *Injection) planPHP(g Given) {
	const scan = "PHP_INI_SCAN_DIR"
	old, set := lookup(g.Environ, scan)
	d := Decision{Way: Proxy, Variable: scan, Action: Set, Old: old, WasSet: set, Why: "makes PHP's curl trust the run's own root"}
	if old != "" {
		d.Action = Replaced
	}
	d.File = in.file(File{Name: "otel-genai.ini", Kind: IniFile, Within: "php"})
	in.put(d, func(_ Injection, p Places) string {
		folder := strings.TrimSuffix(p.Files[d.File], "/otel-genai.ini")
		if set && old == "" { // no folder, not that which was compiled in
			return folder
		}
		return old + string(listSeparator) + folder
	})
}

// PHPSettings is the text of an [IniFile]: roots are its path of a [RootsFile].
func PHPSettings(roots string) []byte {
	quoted := strconv.Quote(roots)
	return []byte("curl.cainfo=" + quoted + "\nopenssl.cafile=" + quoted + "\n")
}

// PHPRoots is the name of the plan's file that PHP's settings name.
func (in Injection) PHPRoots() string {
	for _, d := range in.Decisions {
		if d.Variable == "SSL_CERT_FILE" {
			return d.File
		}
	}
	return ""
}

// StorePassword opens a [StoreFile]. Java can't read one without; it protects
// nothing, as certificates are no secret.
const StorePassword = "otel-genai"

// planJava makes a Java virtual machine use the proxy. It prints a line about
// the variable, so that it is set only for programs that are Java's. Java
// sends no credentials with CONNECT unless the program makes them, so that its
// listener asks for none. A user's own options come last, and win.
func (in *Injection) planJava(g Given) {
	const options = "JAVA_TOOL_OPTIONS"
	old, set := lookup(g.Environ, options)
	d := Decision{Way: Proxy, Variable: options, Action: Set, WasSet: set, Why: "leads calls of Java's clients through us; Java prints a line that it was set"}
	if old != "" {
		d.Action, d.Old = Replaced, "(not shown)"
	}
	in.Unchecked = true
	d.File = in.file(File{Name: "roots.p12", Kind: StoreFile})
	in.put(d, func(_ Injection, p Places) string {
		host, port, _ := strings.Cut(p.Unchecked, ":")
		own := strings.Join([]string{
			"-Dhttps.proxyHost=" + host, "-Dhttps.proxyPort=" + port,
			"-Dhttp.nonProxyHosts=" + javaDirect(g.Environ),
			javaOption("-Djavax.net.ssl.trustStore=" + p.Files["roots.p12"]),
			"-Djavax.net.ssl.trustStoreType=PKCS12",
			"-Djavax.net.ssl.trustStorePassword=" + StorePassword,
		}, " ")
		if old == "" {
			return own
		}
		return own + " " + old
	})
}

// javaDirect is the user's NO_PROXY, and the loopback names, as Java writes such
// a list.
func javaDirect(environ []string) string {
	list, _ := first(environ, "NO_PROXY", "no_proxy")
	names := []string{"localhost", "127.*", "[::1]"}
	for _, n := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch {
		case strings.ContainsAny(n, "|\"'/") || slices.Contains(names, n) || slices.Contains(loopback, n):
		case strings.HasPrefix(n, "."):
			names = append(names, "*"+n)
		default:
			names = append(names, n)
		}
	}
	return strings.Join(names, "|")
}

// javaOption is one option as JAVA_TOOL_OPTIONS has it: blanks end one unless
// they are quoted.
func javaOption(s string) string {
	if strings.ContainsAny(s, " \t'") {
		return `"` + s + `"`
	}
	return s
}

// runsJava and runsRuby report whether a command line is of a program of that
// language, as far as it tells.
func runsJava(g Given) bool {
	return runs(g, "java", "javaw", "jshell", "mvn", "mvnw", "gradle", "gradlew", "sbt", "scala", "kotlin", "groovy", "jbang", "ant", "lein", "clj", "clojure", "jruby")
}

func runsRuby(g Given) bool {
	return runs(g, "ruby", "irb", "rails", "rake", "bundle", "rspec", "gem")
}

// runs reports whether a word of a command line, up to a flag of its program,
// or the first line of a script, names one of several commands. Words before
// the program (env, timeout 5, uv run) are looked at as well: naming one of
// these by chance costs nothing.
func runs(g Given, names ...string) bool {
	is := func(word string) bool {
		name := strings.TrimSuffix(strings.ToLower(path.Base(strings.ReplaceAll(word, `\`, "/"))), ".exe")
		name = strings.TrimSuffix(name, ".cmd")
		name = strings.TrimRight(name, "0123456789.")
		return slices.Contains(names, name)
	}
	for i, w := range g.Words {
		if is(w) {
			return true
		}
		if i >= maxWords {
			break
		}
		// sh -c "java -jar app.jar"
		if strings.Contains(w, " ") && slices.ContainsFunc(strings.Fields(w), is) {
			return true
		}
	}
	if line, ok := strings.CutPrefix(g.FirstLine, "#!"); ok {
		return slices.ContainsFunc(strings.Fields(line), is)
	}
	return false
}

// maxWords is how far into a command line a language is looked for.
const maxWords = 8
