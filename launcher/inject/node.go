package inject

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"strings"
)

//go:embed hook.cjs
var hook []byte

// NodeHook is the text of a [HookFile]: what leads TLS connections of a Node
// program to the hosts that match patterns ("*" is any run of at least one
// character) to the proxy that HTTPS_PROXY names. It begins each with a line of
// the secret and where it is to go, and holds no secret itself.
func NodeHook(patterns []string) []byte {
	list, err := json.Marshal(patterns)
	if err != nil { // of strings
		panic(err)
	}
	return bytes.Replace(hook, []byte("/*patterns*/"), list, 1)
}

// NodeOptions is a NODE_OPTIONS that loads the file at path before a program,
// after what old asks for. Node takes such a list apart at blanks, but for those
// within double quotes, where a backslash takes the next character as it is.
func NodeOptions(old, path string) string {
	option := "--require=" + path
	if strings.ContainsAny(path, " \t\n\"\\'") {
		option = `--require="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
	}
	if old == "" {
		return option
	}
	return old + " " + option
}
