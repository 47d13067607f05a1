package cmd

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/otel-genai/otel-genai/exporters"
	"github.com/otel-genai/otel-genai/instrument/codec"
)

// checkExporter refuses a list of exporters that the exporters package would.
func checkExporter(signal string) func(string, values) *misuse {
	return func(text string, _ values) *misuse {
		_, err := exporters.Parse(signal, text)
		return misuseOf(err)
	}
}

// misuseOf is what package exporters says against a value; nil for a nil error.
func misuseOf(err error) *misuse {
	if err == nil {
		return nil
	}
	return &misuse{err.Error(), hintOf(err)}
}

// checkResource refuses what the SDK would leave out with a word of its own.
func checkResource(text string, _ values) *misuse {
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(pair, "=")
		if _, err := url.PathUnescape(strings.TrimSpace(value)); err != nil {
			return &misuse{"the value of " + strings.TrimSpace(name) + " has a % that begins no escape", "write %25 for it"}
		}
	}
	return nil
}

// checkMaxExport refuses what no span fits into, and what no process could hold.
func checkMaxExport(text string, _ values) *misuse {
	if n, err := humanize.ParseBytes(text); err != nil || n < 1<<10 || n > 1<<30 {
		return &misuse{strconv.Quote(text) + " is not from 1KiB to 1GiB", "collectors take 4MiB by gRPC unless they are told otherwise"}
	}
	return nil
}

func checkDetectors(text string, _ values) *misuse {
	_, err := exporters.ParseDetectors(text)
	return misuseOf(err)
}

// checkEndpoint wants a URL; gRPC alone takes host:port, as gRPC's own clients do.
func checkEndpoint(text string, v values) *misuse {
	u, err := url.Parse(text)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	if !strings.Contains(text, "://") && v.grpc() {
		return nil
	}
	return &misuse{strconv.Quote(shownURL(text)) + " is not an http or https URL", "write it with its scheme, such as http://localhost:4318"}
}

// grpc reports whether any signal is sent by gRPC.
func (v values) grpc() bool {
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"} {
		if strings.EqualFold(v.text(variable), "grpc") {
			return true
		}
	}
	for _, variable := range []string{varTraces, varMetrics, varLogs} {
		if strings.Contains(strings.ToLower(v.text(variable)), "otlp_proto_grpc") {
			return true
		}
	}
	return false
}

// checkPairs wants key=value pairs. It names no value: they may be secret.
func checkPairs(text string, _ values) *misuse {
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, _, found := strings.Cut(pair, "=")
		if !found || strings.TrimSpace(key) == "" {
			return &misuse{"one of its parts is not key=value", "write key=value pairs with commas between; a comma within a value is %2C"}
		}
	}
	return nil
}

func checkPositive(text string, _ values) *misuse {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return nil
	}
	return &misuse{strconv.Quote(text) + " is not a time to wait", "write whole milliseconds, 1 or more"}
}

// checkSamplerArg holds the argument to the sampler that reads it. The others
// have none, so whatever stands there for another tool is let be.
func checkSamplerArg(text string, v values) *misuse {
	if !strings.HasSuffix(strings.ToLower(v.text(varSampler)), "traceidratio") {
		return nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n <= 1 {
		return nil
	}
	return &misuse{strconv.Quote(text) + " is not a share", "write a number from 0 to 1, such as 0.1"}
}

// minOpenSecret is how long a secret has to be where strangers can try to guess it.
const minOpenSecret = 16

// checkListen wants an address, and beyond this machine's own a secret that
// the user chose: there it is all that stands between a stranger and the
// user's providers.
func checkListen(text string, v values) *misuse {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return &misuse{strconv.Quote(text) + " is not an address to listen on", "write host:port, such as 127.0.0.1:4000"}
	}
	if loopback(host) {
		return nil
	}
	if !v.given(varSecret) {
		return &misuse{strconv.Quote(text) + " can be reached from other machines", "give a secret of your own with --genai_secret, or listen on 127.0.0.1"}
	}
	if len(v.text(varSecret)) < minOpenSecret {
		return &misuse{strconv.Quote(text) + " can be reached from other machines, and the secret is short enough to be guessed", "take a secret of " + strconv.Itoa(minOpenSecret) + " characters or more, or listen on 127.0.0.1"}
	}
	return nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// urlWord is what may stand in a path as it is, with nothing to escape.
var urlWord = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

func checkSecret(text string, _ values) *misuse {
	if urlWord.MatchString(text) && strings.Trim(text, ".") != "" {
		return nil
	}
	return &misuse{"the secret can't stand in a URL", "use letters, digits, - and _"}
}

func checkUpstream(text string, _ values) *misuse {
	_, m := parseUpstreams(text)
	return m
}

// upstream is one NAME=URL.
type upstream struct {
	provider *codec.Provider
	url      *url.URL
}

// parseUpstreams reads NAME=URL parts with commas between. A NAME alone asks
// for the provider's public API.
func parseUpstreams(text string) ([]upstream, *misuse) {
	var all []upstream
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, target, _ := strings.Cut(part, "=")
		p := codec.ByShort(name)
		if p == nil {
			hint := "otel-genai proxy --help lists them; openai-compat is for any server that speaks OpenAI's protocol"
			if near := closest(name, slices.Values(providerNames())); near != "" {
				hint = "did you mean " + near + "=...?"
			}
			return nil, &misuse{strconv.Quote(shownURL(name)) + " is not a provider that otel-genai knows", hint}
		}
		if seen[name] {
			return nil, &misuse{name + " is given twice", "one proxy has one upstream for each name: start a second one for the other"}
		}
		seen[name] = true
		if target == "" {
			target = p.Upstream
		}
		if target == "" {
			return nil, &misuse{name + " has no public address: every customer has their own", "write " + name + "=https://HOST"}
		}
		u, err := url.Parse(target)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return nil, &misuse{strconv.Quote(shownURL(target)) + " is not an http or https URL", "write " + name + "=https://HOST"}
		}
		if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return nil, &misuse{"the URL of " + name + " has more than scheme, host and path", "leave user, query and fragment out: what a client sends is passed on as it is"}
		}
		all = append(all, upstream{p, u})
	}
	return all, nil
}

func providerNames() []string {
	var names []string
	for i := range codec.Providers {
		names = append(names, codec.Providers[i].Short)
	}
	return names
}
