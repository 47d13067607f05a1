package cmd

import (
	"errors"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/redact"
)

// maxRedactFile is more than a list of rules has, in bytes.
const maxRedactFile = 1 << 20

// checkRedact refuses rules that make no sense: a run that should hide
// something and doesn't is worse than none.
func checkRedact(text string, _ values) *misuse {
	_, wrong := redaction(text)
	return wrong
}

// redaction reads the rules of OTEL_GENAI_REDACT. A line that begins with @
// names a file of such lines.
func redaction(text string) (*redact.Rules, *misuse) {
	var all strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, isFile := strings.CutPrefix(line, "@"); isFile {
			rules, wrong := redactFile(name)
			if wrong != nil {
				return nil, wrong
			}
			line = rules
		}
		all.WriteString(line + "\n")
	}
	rules, err := redact.Parse(all.String())
	if err == nil {
		return rules, nil
	}
	wrong, ok := errors.AsType[*redact.Error](err)
	if !ok {
		return nil, &misuse{err.Error(), "see otel-genai run --help"}
	}
	m := &misuse{wrong.Problem, wrong.Hint}
	if strings.HasPrefix(wrong.Word, "@") {
		m.problem = strconv.Quote(wrong.Word) + " names a file within a list"
		m.hint = "give each file a line, or a flag, of its own"
	} else if near := closest(strings.ToLower(wrong.Word), slices.Values(redact.Names())); wrong.Word != "" && near != "" {
		m.hint = "did you mean " + near + "?"
	}
	return nil, m
}

func redactFile(name string) (string, *misuse) {
	hint := "name a file that can be read, with a pattern or re:REGEX on each line"
	f, err := os.Open(name) //nolint:gosec // the user's own path
	if err != nil {
		reason := err
		if inner := errors.Unwrap(err); inner != nil {
			reason = inner
		}
		return "", &misuse{"cannot read " + strconv.Quote(name) + ": " + reason.Error(), hint}
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxRedactFile+1))
	switch {
	case err != nil:
		return "", &misuse{"cannot read " + strconv.Quote(name), hint}
	case len(data) > maxRedactFile:
		return "", &misuse{strconv.Quote(name) + " is too large for a list of patterns", hint}
	}
	return string(data), nil
}

// urlVariables hold URLs that may have a user and password in them.
var urlVariables = []string{
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy",
	"OPENAI_BASE_URL", "OPENAI_API_BASE",
}

// environSecrets are the passwords and query values of the URLs in an
// environment: whoever the URL leads to may repeat them in what is recorded.
func environSecrets(getenv func(string) string) []string {
	var all []string
	for _, name := range urlVariables {
		u, err := url.Parse(getenv(name))
		if err != nil {
			continue
		}
		if u.User != nil {
			password, _ := u.User.Password()
			all = append(all, u.User.String(), password)
		}
		for _, list := range u.Query() {
			all = append(all, list...)
		}
	}
	return all
}
