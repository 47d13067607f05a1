// Package inject decides how a child's calls are led to our proxy, and builds
// the environment that does it. [Plan] looks at an environment and says what to
// change and why; [Env] makes the changed one. Both are pure functions: they
// know no network, start nothing and read nothing but their arguments.
//
// What clients read is a table of rows, one a variable. Where a variable would
// change what a program does, beyond where it connects, the plan leaves it
// alone and says so.
package inject

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Way is a means of leading calls to the proxy.
type Way string

// BaseURL sets the variables by which clients are told another server.
const BaseURL Way = "base-url"

// Action is what a plan does with a variable.
type Action string

// The actions. Held back is a variable that we would have set, had something
// in the environment not spoken against it.
const (
	Set      Action = "set"
	Replaced Action = "replaced"
	Held     Action = "held back"
)

// Route is one upstream that the proxy has to serve.
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

// Decision is what happens to one variable, and why. There is one for each
// variable that the plan looked at, also for those that it leaves alone.
type Decision struct {
	Way      Way
	Variable string
	Action   Action
	Route    string // ID of the route that the variable gets, empty when held back
	// Old is the user's value, fit to be shown: without user, password, and the
	// values of a query. WasSet tells an empty value from none.
	Old    string
	WasSet bool
	Why    string // half a sentence, lower case
	// Hint is the way out of being held back, in words; empty where the
	// variable needs none, since another one does what it would do.
	Hint string
}

// Injection is a plan: the routes that the proxy must serve and what each
// variable becomes.
type Injection struct {
	Routes    []Route
	Decisions []Decision

	changes []change
}

// change gives a variable its new value: the route's URL, between what the
// user's value had before the host and after the path.
type change struct {
	variable, route, user, tail string
}

func (c change) value(url string) string { return withUser(url, c.user) + c.tail }

// Value is what the variable becomes when its route's base URL is url, for
// those who explain a plan; empty for one that is held back. It may hold the
// user and password of the old value.
func (in Injection) Value(variable, url string) string {
	for _, c := range in.changes {
		if c.variable == variable {
			return c.value(url)
		}
	}
	return ""
}

// Plan decides for a child that would start in environ. Without ways it uses
// all that there are. The environment is read as getenv(3) reads it: the first
// of several entries counts.
func Plan(environ []string, ways ...Way) Injection {
	var in Injection
	if len(ways) > 0 && !slices.Contains(ways, BaseURL) {
		return in
	}
	for _, r := range rows {
		in.plan(r, environ)
	}
	return in
}

func (in *Injection) plan(r row, environ []string) {
	old, set := lookup(environ, r.variable)
	d := Decision{Way: BaseURL, Variable: r.variable, WasSet: set}
	b := base{upstream: r.upstream}
	switch {
	case set && old == "":
		d.Why = r.variable + " is set to nothing, which some clients take for the default and others for an error"
		d.Hint = "unset " + r.variable
	case set:
		d.Old = show(old)
		var why string
		if b, why = split(old); why != "" {
			d.Why, d.Hint = r.variable+" "+why, "correct "+r.variable
			break
		}
		d.Action, d.Why = Replaced, "leads on to the value that it had"
	default:
		if d.Why, d.Hint = r.against(environ); d.Why != "" {
			break
		}
		d.Action, d.Why = Set, "leads to "+r.upstream+", the default of "+r.clients
	}
	if d.Action == "" {
		d.Action = Held
		in.Decisions = append(in.Decisions, d)
		return
	}
	d.Route = in.route(r, b.upstream, set)
	in.Decisions = append(in.Decisions, d)
	in.changes = append(in.changes, change{variable: r.variable, route: d.Route, user: b.user, tail: b.tail})
}

// route finds the route to upstream, or adds it, and returns its ID.
func (in *Injection) route(r row, upstream string, userSet bool) string {
	others := 0
	for i := range in.Routes {
		route := &in.Routes[i]
		if route.Provider != r.provider {
			continue
		}
		if route.Upstream == upstream {
			route.Variables = append(route.Variables, r.variable)
			route.UserSet = route.UserSet || userSet
			return route.ID
		}
		others++
	}
	id := r.provider
	if others > 0 {
		id += "-" + strconv.Itoa(others+1)
	}
	in.Routes = append(in.Routes, Route{ID: id, Provider: r.provider, Variables: []string{r.variable}, Upstream: upstream, UserSet: userSet})
	return id
}

// Env is environ with the plan's variables set, url giving each route's base
// URL at the proxy (no slash at its end), and with further ones, such as the
// trace context; an empty value takes a variable out. All other entries stay as
// and where they are; what is new comes last.
func Env(environ []string, in Injection, url func(Route) string, further map[string]string) []string {
	values := map[string]string{}
	var order []string
	put := func(name, value string) {
		values[name] = value
		order = append(order, name)
	}
	urls := map[string]string{}
	for _, r := range in.Routes {
		urls[r.ID] = url(r)
	}
	for _, c := range in.changes {
		put(c.variable, c.value(urls[c.route]))
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
