package inject

import "strings"

// row is one variable by which clients are told where their API is.
type row struct {
	variable string
	provider string // short name
	upstream string // the clients' default, with path
	clients  string // who reads it, for the explanation
	// siblings name the same thing. Clients that read several prefer one or the
	// other, so that with one of them set by the user, setting another would
	// send some client elsewhere than before.
	siblings []string
	// harms are signs in the environment that the variable, set by us, would
	// change more than the way.
	harms []harm
}

// harm is a sign in the environment.
type harm struct {
	variable string // exact, or a prefix where it ends in "*"
	value    string // what it must be, in any case of letters; empty for anything but nothing
	why      string
	hint     string // the way out
}

// rows is the table, in the order that variables are set and shown. Seen with
// says which client, at which version, was run with the variable and followed it.
var rows = []row{
	{
		// Seen with: openai (Python) 2.54.0, openai (Node) 6.49.0, openai-go
		// 3.96.0, openai-java 4.101.0, async-openai 0.43.0, ai 6.0.326 with
		// @ai-sdk/openai 3.0.141, litellm 1.106.2, @langchain/openai 1.5.8,
		// opencode 1.18.33. Not followed by codex 0.169.0.
		// Set to nothing: openai (Node), @langchain/openai and litellm call the
		// default; openai (Python), openai-go and @ai-sdk/openai fail.
		variable: "OPENAI_BASE_URL", provider: "openai", upstream: "https://api.openai.com/v1",
		clients:  "the OpenAI libraries",
		siblings: []string{"OPENAI_API_BASE"}, // litellm 1.106.2 prefers ours, @langchain/openai 1.5.8 the sibling
		harms:    azure,
	},
	{
		// Seen with: @langchain/openai 1.5.8 (chat: wins over OPENAI_BASE_URL),
		// litellm 1.106.2 (OPENAI_BASE_URL wins), langchain-openai 1.7.4.
		variable: "OPENAI_API_BASE", provider: "openai", upstream: "https://api.openai.com/v1",
		clients:  "LangChain, LiteLLM and old OpenAI libraries",
		siblings: []string{"OPENAI_BASE_URL"},
		harms:    azure,
	},
}

// azure are the signs of a client of Azure OpenAI. With OPENAI_BASE_URL, openai
// (Node) 6.49.0 throws "mutually exclusive" where an endpoint is given in code,
// and sends Azure's requests and key to it where not; with OPENAI_API_BASE,
// AzureChatOpenAI of langchain-openai 1.7.4 (Python) refuses a base URL without
// "/openai" in it. OPENAI_API_VERSION is read by Azure's clients alone.
var azure = []harm{
	{variable: "AZURE_OPENAI_*", why: azureWhy, hint: azureHint},
	{variable: "OPENAI_API_VERSION", why: azureWhy, hint: azureHint},
	{variable: "OPENAI_API_TYPE", value: "azure", why: azureWhy, hint: azureHint},
}

const (
	azureWhy  = "clients of Azure OpenAI in Node and LangChain would fail or misroute were OPENAI_BASE_URL or OPENAI_API_BASE set too"
	azureHint = "otel-genai proxy --genai_upstream azure=https://HOST serves such clients"
)

// against is what speaks against setting r's variable where the user has not,
// or "", and the way out.
func (r row) against(environ []string) (why, hint string) {
	for _, s := range r.siblings {
		if _, set := lookup(environ, s); set {
			return s + " is set, and clients that read both would no longer go where it leads them", ""
		}
	}
	for _, h := range r.harms {
		if name := h.found(environ); name != "" {
			return name + " is set: " + h.why, h.hint
		}
	}
	return "", ""
}

// found is the name of the variable that is the sign, or "".
func (h harm) found(environ []string) string {
	prefix, any := strings.CutSuffix(h.variable, "*")
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || value == "" || h.value != "" && !strings.EqualFold(value, h.value) {
			continue
		}
		if same(name, h.variable) || any && len(name) >= len(prefix) && same(name[:len(prefix)], prefix) {
			return name
		}
	}
	return ""
}
