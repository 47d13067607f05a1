package refusals

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Program is what a refusal belongs to: a program's file, and what it runs where
// it runs other's code, each as it was when it refused.
type Program struct {
	Path   string `json:"path"`
	Script string `json:"script,omitempty"`
	// Folder is the working directory, for a program that runs code which is no
	// script of its own: python -m, node -e, npm. No argument is kept.
	Folder string `json:"folder,omitempty"`
	// Stamp tells other versions of the files apart: their times and sizes.
	Stamp string `json:"stamp"`
}

// language is how an interpreter's words lead to what it runs.
type language struct {
	valued string // the flags that take the next word
	script string // the flags of which the next word is the script
	code   string // the flags after which there is no script
}

var (
	python = language{valued: "-W -X --check-hash-based-pycs", code: "-c -m"}
	node   = language{valued: "-r --require --import --loader -C --conditions --env-file", code: "-e --eval -p --print"}
	shell  = language{valued: "-o -O +o +O --rcfile --init-file", code: "-c"}
)

// interpreters are the programs that run a script, by name without a version.
var interpreters = map[string]language{
	"python": python, "pythonw": python, "pypy": python,
	"node": node, "nodejs": node, "tsx": node, "ts-node": node, "deno": {code: "eval"}, "bun": {code: "-e --eval"},
	"ruby": {valued: "-I -r -C -E", code: "-e"}, "perl": {valued: "-I", code: "-e -E"},
	"php": {valued: "-c -d -z", script: "-f", code: "-r"},
	"sh":  shell, "bash": shell, "dash": shell, "zsh": shell, "ksh": shell, "ash": shell,
	"java": {valued: "-cp -classpath --class-path -p --module-path --add-modules", script: "-jar", code: "-m --module"},
}

// runners are programs that start others, by words that are theirs to read.
var runners = map[string]bool{
	"env": true, "nice": true, "nohup": true, "sudo": true, "time": true, "timeout": true, "xargs": true, "strace": true,
	"npm": true, "npx": true, "pnpm": true, "yarn": true, "uv": true, "uvx": true, "poetry": true, "pipenv": true, "pdm": true, "hatch": true,
	"bundle": true, "rake": true, "make": true, "just": true, "go": true, "cargo": true, "gradle": true, "mvn": true, "dotnet": true, "mise": true, "direnv": true,
}

// Identify is the program at path, run with args in the present folder.
func Identify(path string, args []string) Program {
	p := Program{Path: resolved(path)}
	name := strings.TrimRight(strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe"), "0123456789.")
	l, interprets := interpreters[name]
	if interprets {
		p.Script = l.find(args)
	}
	if (interprets || runners[name]) && p.Script == "" {
		p.Folder = resolved(".")
	}
	p.Stamp = stamp(p.Path)
	if p.Script != "" {
		p.Stamp += " " + stamp(p.Script)
	}
	// As it will be when it was written and read again.
	for _, text := range []*string{&p.Path, &p.Script, &p.Folder} {
		*text = strings.ToValidUTF8(*text, "\uFFFD")
	}
	return p
}

// find is the file that an interpreter's words name, resolved, or empty.
func (l language) find(args []string) string {
	is := func(flags, word string) bool { return slices.Contains(strings.Fields(flags), word) }
	for i := 0; i < len(args); i++ {
		word := args[i]
		switch {
		case is(l.code, word) || word == "-":
			return ""
		case is(l.script, word) && i+1 < len(args):
			return file(args[i+1])
		case is(l.valued, word):
			i++
		case strings.HasPrefix(word, "-") || word == "run": // flags; deno run, bun run
		default:
			return file(word)
		}
	}
	return ""
}

// file is the path of a script, or of the folder that stands for one.
func file(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() && !info.IsDir() {
		return ""
	}
	return resolved(path)
}

// resolved is path without links and in full.
func resolved(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

func stamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "-"
	}
	return strconv.FormatInt(info.ModTime().UnixNano(), 36) + "." + strconv.FormatInt(info.Size(), 36)
}
