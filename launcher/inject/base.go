package inject

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// planBase leads a base URL variable here, as base-url was asked for: the
// user's value, or the clients' default.
func (in *Injection) planBase(r row, g Given) {
	old, set := lookup(g.Environ, r.variable)
	d := Decision{Way: BaseURL, Variable: r.variable, WasSet: set}
	if r.signed {
		if old != "" {
			d.Old = show(old)
			in.hold(d, "its clients sign the host, so that another one is refused", "--genai_inject proxy reaches them")
		}
		return
	}
	if why, hint := r.never(g); why != "" {
		in.hold(d, why, hint)
		return
	}
	b := base{upstream: r.upstream}
	switch {
	case set && old == "":
		in.hold(d, r.variable+" is set to nothing, which some clients take for the default and others for an error", "unset "+r.variable)
		return
	case set:
		d.Old = show(r.url(old))
		var why string
		if b, why = split(r.url(old)); why != "" {
			in.hold(d, r.variable+" "+why, "correct "+r.variable)
			return
		}
		d.Action, d.Why = Replaced, "leads on to the value that it had"
	case r.upstream == "":
		return
	default:
		if why, hint := r.against(g); why != "" {
			in.hold(d, why, hint)
			return
		}
		d.Action, d.Why = Set, "leads to "+r.upstream+", the default of "+r.clients
	}
	in.rebase(r, d, b, set)
}

// planAutoBase leads a base URL variable here where the forward proxy doesn't
// reach its server: on this machine, or by plain HTTP. All others keep their
// true URL, by which some clients tell what their server can do.
func (in *Injection) planAutoBase(r row, g Given) {
	old, set := lookup(g.Environ, r.variable)
	switch {
	case r.signed:
	case !set && r.unset:
		in.planBase(r, g)
	case old != "":
		b, why := split(r.url(old))
		if why == "" && !near(b.upstream) {
			in.hold(Decision{Way: BaseURL, Variable: r.variable, WasSet: true, Old: show(r.url(old))},
				"its calls go by HTTPS, where the proxy sees those to providers that it knows", "--genai_hosts "+b.host()+" has calls to that server read")
			return
		}
		in.planBase(r, g)
	}
}

// rebase gives a variable the URL of a route to b's upstream.
func (in *Injection) rebase(r row, d Decision, b base, userSet bool) {
	d.Route = in.route(r, b.upstream, userSet)
	in.put(d, func(in Injection, p Places) string {
		for _, route := range in.Routes {
			if route.ID == d.Route {
				return withUser(p.Route(route), b.user) + b.tail
			}
		}
		return "" // there is a route for each
	})
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

// near reports whether an upstream is one that no forward proxy sees: by plain
// HTTP, or on this machine.
func near(upstream string) bool {
	u, err := url.Parse(upstream)
	if err != nil {
		return false
	}
	if u.Scheme == "http" {
		return true
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.Unmap().IsLoopback()
}

// ollama is the URL that a value of OLLAMA_HOST means: a host, a port or both
// will do. The address that a server listens on everywhere by is this machine's.
func ollama(value string) string {
	scheme, rest, ok := strings.Cut(value, "://")
	if !ok {
		scheme, rest = "http", value
	}
	authority, path, slash := strings.Cut(rest, "/")
	host, port, err := net.SplitHostPort(authority)
	if err != nil {
		host, port = strings.Trim(authority, "[]"), ""
	}
	if port == "" {
		port = map[string]string{"http": "11434", "https": "443"}[scheme]
		if ok && scheme == "http" {
			port = "80"
		}
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	out := scheme + "://" + net.JoinHostPort(host, port)
	if slash {
		out += "/" + path
	}
	return out
}

// base is a base URL taken apart so that a client, given ours between user and
// tail, sends to us just what it would have sent to upstream, whatever its way
// of joining base and path is.
type base struct {
	user     string // "name:password@", or empty
	upstream string // scheme, host and path, without a slash at the end
	tail     string // the slashes at the end, the query, the fragment
}

// split takes value apart. A why goes on from the variable's name, and says
// that its value is no URL that we can stand in for; it never repeats the
// value, which may hold a password.
func split(value string) (b base, why string) {
	u, err := url.Parse(value)
	switch {
	case strings.TrimSpace(value) != value:
		return base{}, "has blanks around it, which clients treat differently"
	case err != nil:
		return base{}, "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return base{}, "is not an http or https URL"
	case u.Hostname() == "":
		return base{}, "names no host"
	}
	end := strings.IndexAny(value, "?#")
	if end < 0 {
		end = len(value)
	}
	trimmed := strings.TrimRight(value[:end], "/")
	b.tail = value[len(trimmed):]
	scheme, rest, _ := strings.Cut(trimmed, "//")
	authority, path, slash := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		b.user, authority = authority[:at+1], authority[at+1:]
	}
	b.upstream = scheme + "//" + authority
	if slash {
		b.upstream += "/" + path
	}
	return b, ""
}

// host is the name of the upstream's host.
func (b base) host() string {
	u, err := url.Parse(b.upstream)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// withUser is the URL u with user before its host.
func withUser(u, user string) string {
	if user == "" {
		return u
	}
	return strings.Replace(u, "://", "://"+user, 1)
}

// show is value without what may be secret in it.
func show(value string) string {
	b, why := split(value)
	if why != "" {
		return "(not shown)"
	}
	out := b.upstream
	if b.user != "" {
		out = withUser(out, "***@")
	}
	slashes := strings.TrimLeft(b.tail, "/")
	out += b.tail[:len(b.tail)-len(slashes)]
	if slashes != "" {
		out += slashes[:1] + "***"
	}
	return out
}
