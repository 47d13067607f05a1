// Package inject decides how a child's calls are led to our proxy, and builds
// the environment that does it. [Plan] looks at an environment and a command
// line and says what to change and why; [Env] makes the changed environment.
// Both are pure functions: they know no network, start nothing and read nothing
// but their arguments.
//
// What clients read is tables of rows, one a variable: base URLs in rows.go,
// the forward proxy and what its certificates are trusted by in proxy.go. Where
// a variable would change what a program does, beyond where it connects, the
// plan leaves it alone and says so.
package inject

import (
	"maps"
	"runtime"
	"slices"
	"strings"
)

// Way is a means of leading calls to the proxy.
type Way string

// The ways. Auto is the combination by which no program should behave
// differently: the forward proxy, and base URLs where that can't reach.
const (
	Auto    Way = "auto"
	Proxy   Way = "proxy"    // the variables of a forward proxy, and of what vouches for it
	BaseURL Way = "base-url" // the variables by which clients are told another server
	Java    Way = "java"     // a Java virtual machine's options, though the command line says nothing of Java
	None    Way = "none"
)

// Ways are all that can be asked for.
var Ways = []Way{Auto, Proxy, BaseURL, Java, None}

// Action is what a plan does with a variable.
type Action string

// The actions. Held back is a variable that we would have set, had something
// in the environment not spoken against it.
const (
	Set      Action = "set"
	Replaced Action = "replaced"
	Held     Action = "held back"
)

// Given is what a plan is made from.
type Given struct {
	// Environ is what the child would start in, as NAME=value. It is read as
	// getenv(3) reads it: the first of several entries counts.
	Environ []string
	// Words are the command line, and FirstLine that of the program's file
	// where it is a script: "#!/usr/bin/env ruby".
	Words     []string
	FirstLine string
	// Ways are those asked for; none means Auto.
	Ways []Way
	// Plain says that calls by plain HTTP are to be led here too: the user
	// named such a server.
	Plain bool
	// Unrooted says why no certificate authority can be trusted here, in words
	// that go on from "the proxy"; the proxy's variables are then held back.
	Unrooted string
}

// asks reports whether a way was asked for by its name.
func (g Given) asks(w Way) bool { return slices.Contains(g.Ways, w) }

// auto reports whether the ways are left to the plan.
func (g Given) auto() bool { return len(g.Ways) == 0 || g.asks(Auto) }

// Route is one upstream that the proxy has to serve under a path of its own.
type Route struct {
	ID       string // unique in the plan, fit for a path: "openai", "openai-2"
	Provider string // the provider's short name
	// Variables get this route's URL.
	Variables []string
	// Upstream is where the route leads: the user's value or the provider's
	// default, with its path: https://api.openai.com/v1. What followed the path
	// in the user's value, and user and password, are not part of it; they stay
	// with the child, whose client makes of them what it always did.
	Upstream string
	UserSet  bool // by the user; else the provider's default
}

// FileKind is what a file for the child holds.
type FileKind string

// The kinds of files.
const (
	RootsFile FileKind = "roots" // certificates in PEM
	HookFile  FileKind = "hook"  // the preload of Node's programs, see [NodeHook]
	StoreFile FileKind = "store" // Java's roots, as PKCS #12, with [StorePassword]
	IniFile   FileKind = "ini"   // PHP's settings, see [PHPSettings]
)

// File is a file that must be there before the child starts.
type File struct {
	Name string // unique in the plan: "roots.pem"
	Kind FileKind
	// Roots and Folders are the user's own files and folders of certificates
	// that a RootsFile holds; without files it holds the system's, unless the
	// client adds the file's to some of its own.
	Roots, Folders []string
	Additive       bool
	Within         string // the folder inside the run's that an IniFile stands in, alone
}

// Decision is what happens to one variable, and why. There is one for each
// variable that the plan looked at, also for those that it leaves alone.
type Decision struct {
	Way      Way
	Variable string
	Action   Action
	Route    string // ID of the route that the variable gets; or empty
	File     string // name of the file that the variable names; or empty
	// Old is the user's value, fit to be shown: without user, password, and the
	// values of a query. WasSet tells an empty value from none.
	Old    string
	WasSet bool
	Why    string // half a sentence, lower case
	// Hint is the way out of being held back, in words; empty where the
	// variable needs none, since another one does what it would do.
	Hint string
}

// Injection is a plan: the routes that the proxy must serve, the files that
// must be there, and what each variable becomes.
type Injection struct {
	Routes    []Route
	Files     []File
	Decisions []Decision
	// Forward says that the proxy is to be a forward proxy, and Unchecked that
	// it needs a listener for clients that can't show the run's credentials.
	Forward, Unchecked bool

	changes []change
}

// Places are where a run's own things are.
type Places struct {
	Route     func(Route) string // a route's base URL, no slash at its end
	Proxy     string             // the forward proxy's URL, with credentials
	Unchecked string             // host:port of the listener that asks for none
	Files     map[string]string  // the path of each file, by name
}

// change gives a variable its new value.
type change struct {
	variable string
	file     string // that it names; or empty
	value    func(Injection, Places) string
}

// Value is what the variable becomes, for those who explain a plan; empty for
// one that is held back. It may hold secrets, the run's and the user's.
func (in Injection) Value(variable string, p Places) string {
	for _, c := range in.changes {
		if c.variable == variable {
			return c.value(in, p)
		}
	}
	return ""
}

// Plan decides for a child.
func Plan(g Given) Injection {
	var in Injection
	if g.asks(None) {
		return in
	}
	if g.auto() || g.asks(Proxy) || g.asks(Java) {
		in.planProxy(g)
	}
	for _, r := range rows {
		switch {
		case g.asks(BaseURL):
			in.planBase(r, g)
		case g.auto():
			in.planAutoBase(r, g)
		}
	}
	return in
}

// Drop holds back what a file was meant for that can't be made. why goes on
// from the variable's name.
func (in *Injection) Drop(file, why, hint string) {
	in.Files = slices.DeleteFunc(in.Files, func(f File) bool { return f.Name == file })
	in.changes = slices.DeleteFunc(in.changes, func(c change) bool { return c.file == file })
	for i := range in.Decisions {
		if d := &in.Decisions[i]; d.File == file {
			d.Action, d.File, d.Why, d.Hint = Held, "", why, hint
		}
	}
}

// put adds a decision to change a variable, and the change.
func (in *Injection) put(d Decision, value func(Injection, Places) string) {
	in.Decisions = append(in.Decisions, d)
	in.changes = append(in.changes, change{d.Variable, d.File, value})
}

// hold adds a decision to leave a variable alone.
func (in *Injection) hold(d Decision, why, hint string) {
	d.Action, d.Why, d.Hint = Held, why, hint
	in.Decisions = append(in.Decisions, d)
}

// file adds a file unless there is one of that name, or one that holds the same
// roots, and returns its name.
func (in *Injection) file(f File) string {
	i := slices.IndexFunc(in.Files, func(have File) bool { return have.Name == f.Name || have.sameRoots(f) })
	if i >= 0 {
		return in.Files[i].Name
	}
	in.Files = append(in.Files, f)
	return f.Name
}

// sameRoots reports whether two files hold the same of the user's roots. A
// whole environment often names one file.
func (f File) sameRoots(o File) bool {
	return f.Kind == RootsFile && o.Kind == RootsFile && len(f.Roots) > 0 && slices.Equal(f.Roots, o.Roots) && slices.Equal(f.Folders, o.Folders)
}

// Env is environ with the plan's variables set, and with further ones, such as
// the trace context; an empty value takes a variable out. All other entries stay
// as and where they are; what is new comes last.
func Env(environ []string, in Injection, p Places, further map[string]string) []string {
	values := map[string]string{}
	var order []string
	put := func(name, value string) {
		if _, again := values[name]; !again {
			order = append(order, name)
		}
		values[name] = value
	}
	for _, c := range in.changes {
		put(c.variable, c.value(in, p))
	}
	for _, name := range slices.Sorted(maps.Keys(further)) {
		put(name, further[name])
	}
	out := make([]string, 0, len(environ)+len(order))
	seen := map[string]bool{}
	for _, entry := range environ {
		name, _, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			out = append(out, entry)
			continue
		}
		gone := false
		for _, want := range order {
			if same(name, want) {
				entry = name + "=" + values[want]
				seen[want] = true
				gone = values[want] == ""
			}
		}
		if !gone {
			out = append(out, entry)
		}
	}
	for _, name := range order {
		if !seen[name] && values[name] != "" {
			out = append(out, name+"="+values[name])
		}
	}
	return out
}

// caseless says that names of variables which differ in case alone are one.
const caseless = runtime.GOOS == "windows"
