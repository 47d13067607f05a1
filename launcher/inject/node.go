package inject

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"net"
	"strconv"
	"strings"
)

//go:embed hook.cjs
var hook []byte

// NodeHook is the text of a [HookFile]: what leads TLS connections of a Node
// program to the hosts that match patterns ("*" is any run of at least one
// character) to the proxy at address, host:port. It begins each with a line of
// the secret and where it is to go.
func NodeHook(address, secret string, patterns []string) []byte {
	host, port, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(port)
	run, err := json.Marshal(struct {
		Host   string   `json:"host"`
		Port   int      `json:"port"`
		Secret string   `json:"secret"`
		Hosts  []string `json:"hosts"`
	}{host, number, secret, patterns})
	if err != nil { // of strings and a number
		panic(err)
	}
	return bytes.Replace(hook, []byte("/*run*/"), run, 1)
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
