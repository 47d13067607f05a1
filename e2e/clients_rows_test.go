package e2e

import (
	"cmp"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// What leads a client here.
const (
	byProxy    = "HTTPS_PROXY"
	byNodeEnv  = "HTTPS_PROXY, where the user has set NODE_USE_ENV_PROXY=1"
	byHook     = "the hook in NODE_OPTIONS"
	byBaseURL  = "its base URL"
	byRubyHTTP = "HTTP_PROXY, which Ruby reads for https"
	byJava     = "JAVA_TOOL_OPTIONS"
)

// raw are the cases of clients that know nothing of models.
const raw = "chat,stream,tools,embed"

// clients is the table.
var clients = concat(
	[]client{
		{name: "openai (Python)", version: "2.54.0", cases: "chat,stream,tools,embed", provider: "openai", argv: pythonClient("openai"), reached: byProxy},
		{name: "openai (Python, async)", version: "2.54.0", cases: "chat,stream,tools,responses,embed", provider: "openai", argv: pythonClient("openai_async"), reached: byProxy},
		{name: "openai (Python, Azure)", version: "2.54.0", cases: "chat,stream,tools,embed", provider: "azure.ai.openai", argv: pythonClient("azure"), reached: byProxy},
		{name: "groq (Python)", version: "1.7.0", cases: "chat,stream,tools", provider: "groq", argv: pythonClient("groq"), reached: byProxy},
		{name: "anthropic (Python)", version: "2.12.0", cases: "chat,stream,tools", provider: "anthropic", argv: pythonClient("anthropic"), reached: byProxy},
		{name: "google-genai (Python)", version: "3.4.0", cases: "chat,stream,tools,embed", provider: "gcp.gemini", argv: pythonClient("genai"), reached: byProxy},
		{name: "google-genai (Python, async)", version: "3.4.0", cases: "chat,stream,tools,embed", provider: "gcp.gemini", argv: pythonClient("genai_async"), reached: byProxy},
		{name: "cohere (Python)", version: "7.3.1", cases: "chat,stream,tools,embed", provider: "cohere", argv: pythonClient("cohere"), reached: byProxy},
		{name: "mistralai (Python)", version: "3.7.0", cases: "chat,stream,tools,embed", provider: "mistral_ai", argv: pythonClient("mistral"), reached: byProxy},
		{name: "boto3 (Bedrock)", version: "1.44.5", cases: "chat,stream,tools,embed", provider: "aws.bedrock", argv: pythonClient("boto3"), reached: byProxy},
		{name: "litellm", version: "1.106.2", cases: "chat,stream,tools,embed", provider: "openai", argv: pythonClient("litellm"), reached: byProxy},
		{name: "ollama (Python)", version: "0.6.3", cases: "chat,stream,tools,embed", provider: "ollama", argv: pythonClient("ollama"), env: []string{"OLLAMA_HOST=http://PLAIN"}, reached: byBaseURL},
		{name: "requests", version: "2.34.2", cases: raw, provider: "openai", argv: pythonClient("requests"), reached: byProxy},
		{name: "httpx", version: "0.28.1", cases: raw, provider: "openai", argv: pythonClient("httpx"), reached: byProxy},
		{name: "urllib", version: "Python's own", cases: raw, provider: "openai", argv: pythonClient("urllib"), reached: byProxy},
		{name: "aiohttp with trust_env=True", version: "3.14.5", cases: raw, provider: "openai", argv: pythonClient("aiohttp_trusting"), reached: byProxy},
		{name: "aiohttp", version: "3.14.5", cases: "chat", argv: pythonClient("aiohttp"), unseen: true, status: 4, remark: "reads no proxy variable unless its session has trust_env=True"},
		{name: "urllib3", version: "2.8.0", cases: "chat", argv: pythonClient("urllib3"), unseen: true, status: 4, remark: "its PoolManager reads no variable; requests, which is built on it, does"},
		{name: "grpcio", version: "1.85.1", cases: "call", argv: pythonClient("grpc"), unseen: true, reached: byProxy, remark: "its calls pass through the opened tunnel as they are; what they say is not read"},
		{name: "curl", version: "the system's", cases: "", provider: "openai", argv: curl, reached: byProxy},
	},
	nodeRows("20"),
	nodeRows("22"),
	nodeRows("24"),
	[]client{
		{name: "fetch (Node 24, NODE_USE_ENV_PROXY=1)", version: "Node's own", cases: "chat,stream", provider: "openai", argv: nodeClient("24", "fetch"), env: []string{"NODE_USE_ENV_PROXY=1"}, reached: byNodeEnv},
		{name: "node:https (Node 22, NODE_USE_ENV_PROXY=1)", version: "Node's own", cases: "chat,stream", provider: "openai", argv: nodeClient("22", "https"), env: []string{"NODE_USE_ENV_PROXY=1"}, reached: byNodeEnv},
		{name: "openai-go", version: "3.96.0", cases: "chat,stream,tools,embed", provider: "openai", argv: goClient("openai"), reached: byProxy},
		{name: "anthropic-sdk-go", version: "1.84.0", cases: "chat,stream,tools", provider: "anthropic", argv: goClient("anthropic"), reached: byProxy},
		{name: "google.golang.org/genai", version: "1.77.0", cases: "chat,stream,tools,embed", provider: "gcp.gemini", argv: goClient("genai"), reached: byProxy},
		{name: "net/http (Go)", version: "Go's own", cases: raw, provider: "openai", argv: goClient("http"), reached: byProxy},
		javaRow("openai-java", "4.101.0", "openai", "chat,stream,tools,embed"),
		javaRow("java.net.http.HttpClient", "Java's own", "httpclient", raw),
		javaRow("HttpURLConnection", "Java's own", "urlconnection", raw),
		{name: "reqwest with rustls", version: "0.13.5", cases: raw, provider: "openai", argv: rustClient("reqwest", "rustls"), reached: byProxy},
		{name: "reqwest with native-tls", version: "0.13.5", cases: raw, provider: "openai", argv: rustClient("reqwest", "native-tls"), reached: byProxy},
		{name: "reqwest with compiled roots", version: "0.12.28", cases: "chat", argv: rustClient("roots", "webpki"), unseen: true, status: 4, remark: "trusts only the roots that were compiled in (webpki-roots), so that nobody between is trusted"},
		{name: "net/http (Ruby)", version: "the system's", cases: raw, provider: "openai", argv: interpreter("ruby", "testdata/clients/ruby/clients.rb"), env: []string{"HTTP_PROXY=USERPROXY"}, reached: byRubyHTTP},
		{name: "curl (PHP)", version: "the system's", cases: raw, provider: "openai", argv: interpreter("php", "-d", "curl.cainfo=CAFILE", "testdata/clients/php/clients.php", "curl"), reached: byProxy},
		{name: "streams (PHP)", version: "the system's", cases: "chat", argv: interpreter("php", "testdata/clients/php/clients.php", "streams"), unseen: true, status: 4, remark: "file_get_contents reads no proxy variable"},
	},
)

func concat(lists ...[]client) (all []client) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// nodeRows are the clients on one major version of Node.
func nodeRows(major string) []client {
	row := func(name, version, function, cases, provider string) client {
		return client{
			name: fmt.Sprintf("%s (Node %s)", name, major), version: version, cases: cases, provider: provider,
			argv: nodeClient(major, function), env: []string{"NODE_OPTIONS=--require=REDIRECT"}, reached: byHook,
		}
	}
	rows := []client{
		row("openai", "6.49.0", "openai", "chat,stream,tools,embed", "openai"),
		row("openai, Azure", "6.49.0", "azure", "chat,stream,tools,embed", "azure.ai.openai"),
		row("groq-sdk", "1.6.0", "groq", "chat,stream,tools", "groq"),
		row("@anthropic-ai/sdk", "1.12.0", "anthropic", "chat,stream,tools", "anthropic"),
		row("@google/genai", "2.32.0", "genai", "chat,stream,tools,embed", "gcp.gemini"),
		row("ai with @ai-sdk/openai", "6.0.326, 3.0.141", "aisdk", "chat,responses,stream,tools,embed", "openai"),
		row("ai with @ai-sdk/anthropic", "6.0.326, 3.0.139", "aisdk", "anthropic", "anthropic"),
		row("cohere-ai", "8.1.0", "cohere", "chat,stream,tools,embed", "cohere"),
		row("@mistralai/mistralai", "2.7.0", "mistral", "chat,stream,tools,embed", "mistral_ai"),
		row("@langchain/openai", "1.5.8", "langchain", "chat,stream,tools,embed", "openai"),
		row("ollama", "0.6.4", "ollama", "chat,stream,tools,embed", "ollama"),
		row("@aws-sdk/client-bedrock-runtime", "3.1164.0", "bedrock", "chat,stream,tools,embed", "aws.bedrock"),
		row("fetch", "Node's own", "fetch", raw, "openai"),
		row("node:https", "Node's own", "https", raw, "openai"),
	}
	for i := range rows {
		switch rows[i].name {
		case "ollama (Node " + major + ")":
			rows[i].env = append(rows[i].env, "OLLAMA_HOST=http://PLAIN")
			rows[i].reached, rows[i].remark = byBaseURL, "where the program hands OLLAMA_HOST on; its default export reads no variable"
		}
	}
	return rows
}

// javaRow is a client in Java.
func javaRow(name, version, function, cases string) client {
	return client{
		name: name, version: version, cases: cases, provider: "openai", argv: javaClient(function), own: javaHome, says: "Picked up JAVA_TOOL_OPTIONS: ",
		reached: byJava, remark: "set where the command line says Java, which prints a line that it is",
	}
}

// curl is one call of the system's curl.
func curl(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		need(t, "curl is needed: %v", err)
	}
	return []string{"sh", "-c", `curl -sS https://api.openai.com/v1/chat/completions -H "Authorization: Bearer $OPENAI_API_KEY" -H 'Content-Type: application/json' -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Say hello."}]}'`, "sh"}
}

// interpreter runs a script of testdata by the system's interpreter.
func interpreter(name string, words ...string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		path, err := exec.LookPath(name)
		if err != nil {
			need(t, "%s is needed: %v", name, err)
		}
		argv := []string{path}
		for _, w := range words {
			if strings.HasPrefix(w, "testdata/") {
				w = absolute(t, w)
			}
			argv = append(argv, w)
		}
		return argv
	}
}

// clientsPage is docs/clients.md.
func clientsPage() string {
	var b strings.Builder
	b.WriteString(pageHead)
	b.WriteString("\n| Client | Version | Calls | Led here by |\n|---|---|---|---|\n")
	for _, c := range clients {
		if c.unseen && c.reached == "" {
			continue
		}
		led := c.reached
		if c.remark != "" {
			led += "; " + c.remark
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.name, c.version, strings.ReplaceAll(cmp.Or(c.cases, "chat"), ",", ", "), led)
	}
	b.WriteString("\n## Not seen\n\nThese run as they do alone, and nothing tells of their calls.\n\n| Client | Version | Why |\n|---|---|---|\n")
	for _, c := range clients {
		if c.unseen && c.reached == "" {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.name, c.version, c.remark)
		}
	}
	b.WriteString(pageFoot)
	return b.String()
}

const pageHead = `<!-- Made by: go test ./e2e -run ClientsPage -update. -->
# Which clients are seen

Each client here runs in the tests twice, alone and under ` + "`otel-genai run`" + ` with nothing else said: what it prints, its exit status and every
request that the provider receives are the same, and each call is one span. The provider is a stand-in behind a user's own proxy and authority.
`

const pageFoot = `
Beside them, calls are not seen of clients with roots compiled in (their first call to a host fails, those that follow pass unread: see
[SECURITY.md](SECURITY.md)), and of programs that unset the variables. ` + "`--genai_inject base-url`" + ` reaches those that read a base URL, and the Go
package instrument whatever it is built into.
`
