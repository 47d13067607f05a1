package cmd

import (
	"regexp"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/redact"
)

// hidden stands where a secret would.
const hidden = "(hidden)"

// secretWords are the parts of a name whose value is nobody's business. Plurals
// are left out: --max-tokens is a number.
var secretWords = map[string]bool{
	"key": true, "apikey": true, "token": true, "secret": true, "password": true, "passwd": true, "passphrase": true, "pass": true,
	"pwd": true, "auth": true, "authorization": true, "credential": true, "credentials": true, "cookie": true, "signature": true,
}

var (
	nameWord = regexp.MustCompile(`[A-Z]?[a-z]+|[A-Z]+`)
	// assignment is a name and its value: --api-key=V, API_KEY=V, X-Api-Key: V,
	// "token": "V", also in the midst of a shell's words.
	assignment = regexp.MustCompile(`([A-Za-z0-9_.-]+)(["']?\s*[=:]\s*)((?:(?i:bearer|basic|token)\s+)?(?:"[^"]*"?|'[^']*'?|[^\s;&|,"']+))`)
	// userInfo is user:password@host without a scheme, as proxies are written.
	userInfo = regexp.MustCompile(`^([^\s/@:]*):[^\s@]+@`)
)

// secretName reports whether a flag, variable or header field of that name
// holds a secret.
func secretName(name string) bool {
	for _, word := range nameWord.FindAllString(name, -1) {
		if secretWords[strings.ToLower(word)] {
			return true
		}
	}
	return false
}

// keyShapes are what keys look like wherever they stand.
var keyShapes = func() *redact.Rules {
	rules, err := redact.Parse("keys,jwt")
	if err != nil {
		panic(err) // both are names of the table
	}
	return rules
}()

// shownText is what somebody wrote, fit to be shown: without a URL's user and
// query, what stands under a secret's name, and what has the shape of a key.
func shownText(text string) string {
	if flag, value, ok := strings.Cut(text, "="); ok && strings.HasPrefix(flag, "-") && strings.Contains(value, "://") {
		if secretName(flag) {
			return flag + "=" + hidden
		}
		return flag + "=" + shownText(value)
	}
	if strings.Contains(text, "://") {
		text = shownURL(text)
	} else {
		text = userInfo.ReplaceAllString(text, "${1}:"+hidden+"@")
	}
	text = assignment.ReplaceAllStringFunc(text, func(found string) string {
		part := assignment.FindStringSubmatch(found)
		if secretName(part[1]) {
			return part[1] + part[2] + hidden
		}
		return found
	})
	return keyShapes.Text(text)
}

// shownArguments are a program's arguments, fit to be shown. The word after
// --token is its value.
func shownArguments(args []string) []string {
	shown := make([]string, len(args))
	flag := ""
	for i, arg := range args {
		switch {
		case secretName(flag) && !strings.HasPrefix(arg, "-"):
			shown[i] = hidden
		case (flag == "-u" || flag == "--user" || flag == "--proxy-user" || flag == "-U") && strings.Contains(arg, ":"):
			user, _, _ := strings.Cut(arg, ":")
			shown[i] = user + ":" + hidden
		default:
			shown[i] = shownText(arg)
		}
		flag = ""
		if strings.HasPrefix(arg, "-") && !strings.Contains(arg, "=") {
			flag = arg
		}
	}
	return shown
}

// shownValue is a setting's value, fit to be shown; hidden where nothing of it is.
func (s *setting) shownValue(text string) string {
	switch {
	case s.Kind == kindSecret:
		return hidden
	case s.Kind == kindURL:
		return shownURL(text)
	case s.Variable == varUpstream:
		return shownUpstreams(text)
	case s.Variable == varRedact:
		return shownRules(text)
	case s.Kind == kindFile:
		return text
	}
	return shownText(text)
}

// shownRules leaves the expressions out: who has something of their own to hide
// may have spelled it.
func shownRules(text string) string {
	var shown []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if before, _, own := strings.Cut(line, "re:"); own {
			line = before + "re:" + hidden
		}
		shown = append(shown, line)
	}
	return strings.Join(shown, " ")
}
