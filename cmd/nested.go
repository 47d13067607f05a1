package cmd

import (
	"context"
	"net/url"
	"time"

	"github.com/otel-genai/otel-genai/instrument/proxy"
)

// varOuter tells programs that a run has started where its proxy is: the URL of
// the proxy, secret and all, without a slash at its end. It is no setting: a run sets it, a run inside reads it.
const varOuter = "OTEL_GENAI_RUN"

// outerPatience is how long the proxy of an outer run may take to answer.
const outerPatience = time.Second

// inside reports whether we run inside another run that is still there. Its
// program has the way to its proxy in its environment already, and so will ours.
func (m *program) inside() bool {
	text := m.getenv(varOuter)
	u, err := url.Parse(text)
	if text == "" || err != nil || u.Scheme != "http" || !loopback(u.Hostname()) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), outerPatience)
	defer cancel()
	return proxy.Answers(ctx, text+"/")
}

// join runs a program inside the outer run: with its proxy and its secret, and
// with its telemetry alone, so that no call is told of twice.
func (m *program) join(v values, j job) error {
	for i := range settings {
		s := &settings[i]
		if v[s.Variable].source == fromFlag && s.Variable != varLogLevel && s.Actor != accepted && s.Actor != silent {
			return usage(v.name(s)+" has no say here: this run is inside another one, and joins it",
				"give it to the outer run, or start a run of its own: env -u "+varOuter+" otel-genai run ...")
		}
	}
	j.command.Env = j.environ
	return m.plain(j)
}
