package inject

import (
	"slices"
	"strings"
)

// row is one variable by which clients are told where their API is.
type row struct {
	variable string
	provider string // short name
	upstream string // the clients' default, with path; empty where there is none to stand in for
	clients  string // who reads it, for the explanation
	// read makes a URL of a value that need not be one, as OLLAMA_HOST; nil for
	// those that must be.
	read func(string) string
	// unset: in auto it is set, too, where the user has not, since its default is
	// on this machine, where no forward proxy is asked.
	unset bool
	// signed says why it can't be led here at all: its clients sign the host.
	signed bool
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
	// word is a command that must stand in the command line instead, and also one
	// of its words; empty for any.
	word, also string
	why        string
	hint       string // the way out
}

// url is what a value of r's variable means.
func (r row) url(value string) string {
	if r.read != nil {
		return r.read(value)
	}
	return value
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
	{
		// Seen with: openai (Python) 2.54.0. Each customer has an endpoint of
		// their own.
		variable: "AZURE_OPENAI_ENDPOINT", provider: "azure", clients: "the Azure OpenAI libraries",
	},
	{
		// Seen with: anthropic (Python) 2.12.0, @anthropic-ai/sdk 1.12.0,
		// anthropic-sdk-go 1.84.0, litellm 1.106.2, claude-code 2.1.197, which append
		// /v1/messages, and @ai-sdk/anthropic 3.0.139, which appends /messages: its
		// calls go to a path that the API doesn't have unless ours is rewritten,
		// which no byte of a call is. claude-code turns tool search off.
		variable: "ANTHROPIC_BASE_URL", provider: "anthropic", upstream: "https://api.anthropic.com",
		clients: "the Anthropic libraries",
	},
	{
		// Seen with: google-genai (Python) 3.4.0, @google/genai 2.32.0, genai-go
		// 1.77.0.
		variable: "GOOGLE_GEMINI_BASE_URL", provider: "gemini", upstream: "https://generativelanguage.googleapis.com",
		clients: "the Gemini libraries",
		harms: []harm{{
			word: "gemini", why: "gemini-cli 0.61.0 ends with an invalid authentication method where it is set",
			hint: "--genai_inject proxy reaches it",
		}},
	},
	{
		// Read back from google-genai (Python) 3.4.0. Each region has a host of its own.
		variable: "GOOGLE_VERTEX_BASE_URL", provider: "vertex", clients: "the Vertex AI libraries",
	},
	{
		// Seen with: groq (Python) 1.7.0, groq-sdk 1.6.0, which append /openai/v1.
		variable: "GROQ_BASE_URL", provider: "groq", upstream: "https://api.groq.com",
		clients: "the Groq libraries",
	},
	{
		// Seen with: cohere (Python) 7.3.1. Not followed by cohere-ai (Node) 8.1.0.
		variable: "CO_API_URL", provider: "cohere", upstream: "https://api.cohere.com",
		clients: "Cohere's Python library",
	},
	{
		// Seen with: ollama (Python) 0.6.3. Not followed by the default export of
		// ollama (Node) 0.6.4.
		variable: "OLLAMA_HOST", provider: "ollama", upstream: "http://127.0.0.1:11434",
		clients: "the Ollama libraries", read: ollama, unset: true,
		harms: []harm{{
			word: "ollama", also: "serve", why: "a server of Ollama listens there",
		}},
	},
	{
		// Seen with: @aws-sdk/client-bedrock-runtime 3.1164.0, boto3 1.44.5. Their
		// signature (AWS SigV4) covers the host.
		variable: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", provider: "bedrock", clients: "the AWS libraries", signed: true,
	},
	{variable: "AWS_ENDPOINT_URL", provider: "bedrock", clients: "the AWS libraries", signed: true},
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
func (r row) against(g Given) (why, hint string) {
	for _, s := range r.siblings {
		if _, set := lookup(g.Environ, s); set {
			return s + " is set, and clients that read both would no longer go where it leads them", ""
		}
	}
	for _, h := range r.harms {
		if name := h.found(g.Environ); name != "" {
			return name + " is set: " + h.why, h.hint
		}
	}
	return "", ""
}

// never is what speaks against giving r's variable another value at all, the
// user's included, or "", and the way out.
func (r row) never(g Given) (why, hint string) {
	for _, h := range r.harms {
		if h.word != "" && runs(g, h.word) && (h.also == "" || slices.Contains(g.Words, h.also)) {
			return h.why, h.hint
		}
	}
	return "", ""
}

// found is the name of the variable that is the sign, or "".
func (h harm) found(environ []string) string {
	if h.variable == "" {
		return ""
	}
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
