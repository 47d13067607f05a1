package cmd

import (
	"path"
	"regexp"
	"strings"
)

// programName is what a person would call the program that words start: the
// script where an interpreter runs one, the package where a package runner
// does, else the command without its folder. It is the default of service.name.
func programName(words []string) string {
	// One wrapper a turn: `env A=b uv run python main.py` takes three.
	for depth := range 8 {
		if len(words) == 0 {
			break
		}
		command := baseName(words[0])
		if depth > 0 {
			command = unversioned(command)
		}
		r, ok := runners[runnerKey(command)]
		if !ok {
			return command
		}
		next, script := r.find(words[1:])
		if script != "" {
			return script
		}
		if len(next) == 0 {
			return command // an interpreter on its own: a prompt, or code given as a word
		}
		words = next
	}
	return "otel-genai"
}

// baseName is the last part of a path, without what Windows adds.
func baseName(word string) string {
	name := path.Base(strings.ReplaceAll(word, `\`, "/"))
	if len(name) > 4 && strings.EqualFold(name[len(name)-4:], ".exe") {
		name = name[:len(name)-4]
	}
	return name
}

var versionSuffix = regexp.MustCompile(`[0-9][0-9.]*t?$`)

// runnerKey is the name by which a command stands in runners: python3.11 is python.
func runnerKey(command string) string {
	if key := versionSuffix.ReplaceAllString(command, ""); key != "" {
		return strings.ToLower(key)
	}
	return command
}

// runner is a command whose purpose is to run another program.
type runner struct {
	// verbs are the words one of which has to come first ("uv run"); nil needs none.
	verbs []string
	// values are the flags that take the next word as their value.
	values []string
	// module are flags whose value is the program: python -m pkg.
	module []string
	// code are flags after which there is no program to name: python -c.
	code []string
	// wraps says that what follows is a command line of its own.
	wraps bool
	// assigns says that NAME=value words may come before it (env).
	assigns bool
	// operands is how many words of its own come before it (timeout).
	operands int
	// letters says that flags of one letter may be written as one word: -euo.
	letters bool
}

var (
	python = runner{values: []string{"-W", "-X", "--check-hash-based-pycs"}, module: []string{"-m"}, code: []string{"-c"}}
	node   = runner{
		values: []string{"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file", "--title", "--stack-trace-limit"},
		code:   []string{"-e", "--eval", "-p", "--print", "-pe"},
	}
	uv = runner{
		verbs: []string{"run"}, wraps: true, module: []string{"-m", "--module"},
		values: []string{
			"--with", "--with-editable", "--with-requirements", "-p", "--python", "--env-file", "--project", "--directory",
			"--extra", "--group", "--only-group", "--no-group", "--package", "--index", "--index-url", "-i", "--extra-index-url", "-f", "--find-links",
		},
	}
	tool  = runner{wraps: true, values: []string{"--from", "--with", "-p", "--python", "--package", "-c", "--call", "-w", "--workspace"}}
	execs = runner{verbs: []string{"exec", "dlx", "x"}, wraps: true, values: []string{"--package", "-p", "-c", "--call"}}
	runs  = runner{verbs: []string{"run"}, wraps: true}
	shell = runner{letters: true, values: []string{"-o", "-O", "+o", "+O", "--rcfile", "--init-file"}, code: []string{"-c", "-s"}}
)

// runners by name. A command that isn't here is the program itself.
var runners = map[string]runner{
	"python": python, "pypy": python, "pythonw": python, "py": python,
	"node": node, "nodejs": node, "tsx": node, "ts-node": node,
	"bun":  {verbs: []string{"", "run", "x"}, values: node.values, code: node.code},
	"deno": {verbs: []string{"run"}, values: []string{"-c", "--config", "--import-map", "--env-file", "-r"}},
	"ruby": {values: []string{"-I", "-r", "-C", "-E"}, code: []string{"-e"}},
	"perl": {values: []string{"-I"}, code: []string{"-e", "-E"}},
	"php":  {values: []string{"-c", "-d", "-z"}, module: []string{"-f", "-F"}, code: []string{"-r", "-a"}},
	"java": {
		values: []string{"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens", "--add-exports"},
		module: []string{"-jar", "-m", "--module"},
	},
	"dotnet": {verbs: []string{"", "exec"}, values: []string{"--additionalprobingpath", "--depsfile", "--runtimeconfig"}},
	"go":     {verbs: []string{"run"}, values: []string{"-C", "-p", "-tags", "-ldflags", "-gcflags", "-asmflags", "-exec", "-mod", "-modfile", "-overlay", "-pkgdir", "-toolexec", "-buildmode", "-compiler"}},
	"env":    {wraps: true, assigns: true, values: []string{"-u", "--unset", "-C", "--chdir"}},
	"nohup":  {wraps: true},
	"nice":   {wraps: true, values: []string{"-n", "--adjustment"}},
	"timeout": {
		wraps: true, operands: 1, values: []string{"-k", "--kill-after", "-s", "--signal"},
	},
	"sh": shell, "bash": shell, "dash": shell, "zsh": shell,
	"uv": uv, "uvx": tool, "npx": tool, "bunx": tool, "pipx": {verbs: []string{"run"}, wraps: true, values: tool.values},
	"pnpm": execs, "npm": {verbs: []string{"exec", "x"}, wraps: true, values: execs.values}, "yarn": execs,
	"poetry": runs, "pipenv": runs, "pdm": runs, "rye": runs, "hatch": runs,
	"bundle": {verbs: []string{"exec"}, wraps: true},
}

// find looks through a runner's words for what it runs: a script's or module's
// name, or a command line to look at in turn. Neither means none was found.
func (r runner) find(words []string) (next []string, script string) {
	verb, operands := r.verbs == nil, r.operands
	for i := 0; i < len(words); i++ {
		word := words[i]
		flag, _, joined := strings.Cut(word, "=")
		has := func(flags []string) bool {
			for _, f := range flags {
				if f == flag {
					return true
				}
			}
			return false
		}
		switch {
		case word == "--":
			continue
		case r.assigns && joined && !strings.HasPrefix(word, "-"):
			continue
		case r.letters && len(word) > 2 && (word[0] == '-' || word[0] == '+') && word[1] != '-':
			for _, letter := range word[1:] {
				switch one := word[:1] + string(letter); {
				case in(r.code, one):
					return nil, ""
				case in(r.values, one):
					i++
				}
			}
			continue
		case strings.HasPrefix(word, "-") && len(word) > 1, r.letters && strings.HasPrefix(word, "+"):
			switch {
			case has(r.code):
				return nil, ""
			case has(r.module) && i+1 < len(words):
				return nil, scriptName(words[i+1])
			case has(r.values) && !joined:
				i++
			}
			continue
		case !verb:
			verb = true
			if in(r.verbs, word) {
				continue
			}
			if !in(r.verbs, "") {
				return nil, "" // npm start, uv sync: nothing that names a program
			}
		}
		if operands > 0 {
			operands--
			continue
		}
		if r.wraps {
			return words[i:], ""
		}
		return nil, scriptName(word)
	}
	return nil, ""
}

func in(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// scriptName is a script's name without folders; `go run .` and `python -`
// have none.
func scriptName(word string) string {
	name := unversioned(baseName(word))
	if name == "." || name == ".." || name == "-" || name == "/" {
		return ""
	}
	return name
}

// unversioned takes off what package runners let follow a name: foo@1.2.
func unversioned(name string) string {
	if i := strings.LastIndexByte(name, '@'); i > 0 {
		return name[:i]
	}
	return name
}
