package e2e

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pins are the versions of each package that the files of all languages name.
// They name them exactly, so that these are what is installed.
func pins(t *testing.T) map[string][]string {
	t.Helper()
	text := func(name string) string {
		b, err := os.ReadFile("testdata/clients/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	all := map[string][]string{}
	add := func(name, version string) { all[name] = append(all[name], version) }
	for line := range strings.Lines(text("python/requirements.txt")) {
		name, version, exact := strings.Cut(strings.TrimSpace(line), "==")
		if !exact {
			t.Errorf("%s has no version of its own", name)
		}
		add(name+" (Python)", version)
	}
	var npm struct{ Dependencies map[string]string }
	if err := json.Unmarshal([]byte(text("node/package.json")), &npm); err != nil {
		t.Fatal(err)
	}
	for name, version := range npm.Dependencies {
		add(name+" (Node)", version)
	}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v(\S+)$`).FindAllStringSubmatch(text("go/go.mod"), -1) {
		name := regexp.MustCompile(`/v[0-9]+$`).ReplaceAllString(m[1], "")
		add(name, m[2])
		add(name[strings.LastIndexByte(name, '/')+1:], m[2])
	}
	for _, crate := range []string{"reqwest", "roots"} {
		for _, m := range regexp.MustCompile(`(?m)^(\w+) = \{ version = "=([^"]+)"`).FindAllStringSubmatch(text("rust/"+crate+"/Cargo.toml"), -1) {
			add(m[1], m[2])
		}
	}
	var pom struct {
		Dependencies []struct {
			Name    string `xml:"artifactId"`
			Version string `xml:"version"`
		} `xml:"dependencies>dependency"`
	}
	if err := xml.Unmarshal([]byte(text("java/pom.xml")), &pom); err != nil {
		t.Fatal(err)
	}
	for _, d := range pom.Dependencies {
		add(d.Name, d.Version)
	}
	return all
}

// packages are what a row's name says, and in which language where it does:
// "ai with @ai-sdk/openai (Node 20)" is ai and @ai-sdk/openai of Node.
func packages(name string) (all []string) {
	language := ""
	name, in, _ := strings.Cut(name, " (")
	for _, l := range []string{"Python", "Node"} {
		if strings.HasPrefix(in, l) {
			language = " (" + l + ")"
		}
	}
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' }) {
		all = append(all, word+language)
	}
	return all
}

// A row, and the page that is made of it, tells the versions of the packages
// that its program has.
func TestClientsHaveTheVersionsThatTheyTell(t *testing.T) {
	pinned := pins(t)
	told := map[string]bool{}
	for _, c := range clients {
		if c.version == "" || c.version[0] < '0' || c.version[0] > '9' {
			continue // it comes with the system or its language
		}
		var versions []string
		for _, p := range packages(c.name) {
			for _, name := range []string{p, p + " (Python)"} { // which most rows of Python's own packages don't say
				for _, v := range pinned[name] {
					if slices.Contains(strings.Split(c.version, ", "), v) {
						versions, told[name] = append(versions, v), true
					}
				}
			}
		}
		if got := strings.Join(versions, ", "); got != c.version {
			t.Errorf("%s tells of version %s, and its files name %q", c.name, c.version, got)
		}
	}
	var names []string
	for name := range pinned {
		// Files of Go name what is needed besides; so do those of Python, for litellm.
		if !told[name] && strings.HasSuffix(name, ")") && name != "mcp (Python)" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > 0 {
		t.Errorf("no row tells of %q", names)
	}
}
