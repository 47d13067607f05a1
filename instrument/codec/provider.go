package codec

import (
	"strings"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Provider is one row of the provider table: who answers at a host. A provider
// that speaks a known family is this row and nothing else.
type Provider struct {
	// Short is the name that routes and documentation use: "openai".
	Short string
	// Name is gen_ai.provider.name: the well-known value of the conventions
	// where there is one, else Short.
	Name string
	// Hosts are exact names, or patterns in which "*" stands for any run of at
	// least one character.
	Hosts []string
	// Upstream is scheme and host of the public API; empty where every
	// customer has a host of their own, and where it is self-hosted.
	Upstream string
	// Base is the path that a client's base URL for it ends in: "/v1". It is
	// empty where clients append the version themselves.
	Base string
	// Paths are other values of gen_ai.provider.name, for another API at the
	// same host: the first row whose Prefix the path has counts.
	Paths []PathName
}

// PathName is a provider's name for the paths that begin with Prefix.
type PathName struct{ Prefix, Name string }

// NameAt returns gen_ai.provider.name for a call to an escaped path.
func (p *Provider) NameAt(path string) string {
	for _, row := range p.Paths {
		if strings.HasPrefix(path, row.Prefix) {
			return row.Name
		}
	}
	return p.Name
}

// Identify notes who answers c: the provider by the table, else the family's
// own.
func Identify(c Call, f *Family, in *genai.Inference) {
	in.Provider = f.Name
	if c.Provider != nil {
		in.Provider = c.Provider.NameAt(c.Path)
	}
	if in.Provider == "azure.ai.inference" { // the conventions have it on each of its calls
		in.Set("azure.resource_provider.namespace", "Microsoft.CognitiveServices")
	}
}

// Azure AI Inference (Foundry models of any vendor) shares hosts with Azure
// OpenAI: https://learn.microsoft.com/rest/api/aifoundry/modelinference/. So do
// Anthropic's models, which are Foundry models with an API of their own.
var azurePaths = []PathName{{"/models/", "azure.ai.inference"}, {"/anthropic/", "azure.ai.inference"}}

// Providers is the provider table: the well-known names of the conventions
// first, then vendors by their own short name, then servers that people host.
// No host is matched by two rows.
var Providers = []Provider{
	{Short: "openai", Name: "openai", Hosts: []string{"api.openai.com", "*.api.openai.com"}, Upstream: "https://api.openai.com", Base: "/v1"},
	{Short: "chatgpt", Name: "openai", Hosts: []string{"chatgpt.com"}}, // Codex's own, for who has a ChatGPT plan
	{Short: "azure", Name: "azure.ai.openai", Hosts: []string{"*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com", "*.openai.azure.us"}, Paths: azurePaths},
	{Short: "azure-inference", Name: "azure.ai.inference", Hosts: []string{"*.models.ai.azure.com", "*.inference.ml.azure.com"}},
	{Short: "anthropic", Name: "anthropic", Hosts: []string{"api.anthropic.com"}, Upstream: "https://api.anthropic.com"},
	{Short: "gemini", Name: "gcp.gemini", Hosts: []string{"generativelanguage.googleapis.com"}, Upstream: "https://generativelanguage.googleapis.com"},
	{Short: "vertex", Name: "gcp.vertex_ai", Hosts: []string{"aiplatform.googleapis.com", "*-aiplatform.googleapis.com", "aiplatform.*.rep.googleapis.com", "*.prediction.vertexai.goog"}},
	{Short: "code-assist", Name: "gcp.gen_ai", Hosts: []string{"cloudcode-pa.googleapis.com", "*-cloudcode-pa.googleapis.com", "*-cloudcode-pa.sandbox.googleapis.com"}, Upstream: "https://cloudcode-pa.googleapis.com"}, // Gemini CLI's own, for who signs in
	{Short: "bedrock", Name: "aws.bedrock", Hosts: []string{
		"bedrock-runtime.*.amazonaws.com", "bedrock-runtime-fips.*.amazonaws.com", "bedrock-runtime.*.amazonaws.com.cn",
		"bedrock-runtime.*.api.aws", "bedrock-mantle.*.api.aws", "*.bedrock-runtime.*.vpce.amazonaws.com",
	}},
	{Short: "bedrock-agent", Name: "bedrock-agent", Hosts: []string{"bedrock-agent-runtime.*.amazonaws.com"}},
	{Short: "cohere", Name: "cohere", Hosts: []string{"api.cohere.com", "api.cohere.ai"}, Upstream: "https://api.cohere.com"},
	{Short: "mistral", Name: "mistral_ai", Hosts: []string{"api.mistral.ai", "codestral.mistral.ai"}, Upstream: "https://api.mistral.ai", Base: "/v1"},
	{Short: "groq", Name: "groq", Hosts: []string{"api.groq.com"}, Upstream: "https://api.groq.com", Base: "/openai/v1"},
	{Short: "deepseek", Name: "deepseek", Hosts: []string{"api.deepseek.com"}, Upstream: "https://api.deepseek.com"},
	{Short: "xai", Name: "x_ai", Hosts: []string{"api.x.ai", "*.api.x.ai"}, Upstream: "https://api.x.ai", Base: "/v1"},
	{Short: "perplexity", Name: "perplexity", Hosts: []string{"api.perplexity.ai"}, Upstream: "https://api.perplexity.ai"},
	{Short: "watsonx", Name: "ibm.watsonx.ai", Hosts: []string{"*.ml.cloud.ibm.com"}, Base: "/ml/gateway/v1"},
	{Short: "moonshot", Name: "moonshot_ai", Hosts: []string{"api.moonshot.ai", "api.moonshot.cn"}, Upstream: "https://api.moonshot.ai", Base: "/v1"},

	{Short: "ai21", Name: "ai21", Hosts: []string{"api.ai21.com"}, Upstream: "https://api.ai21.com", Base: "/studio/v1"},
	{Short: "baseten", Name: "baseten", Hosts: []string{"inference.baseten.co"}, Upstream: "https://inference.baseten.co", Base: "/v1"},
	{Short: "cerebras", Name: "cerebras", Hosts: []string{"api.cerebras.ai"}, Upstream: "https://api.cerebras.ai", Base: "/v1"},
	{Short: "chutes", Name: "chutes", Hosts: []string{"llm.chutes.ai"}, Upstream: "https://llm.chutes.ai", Base: "/v1"},
	{Short: "cloudflare", Name: "cloudflare", Hosts: []string{"api.cloudflare.com", "gateway.ai.cloudflare.com"}, Upstream: "https://api.cloudflare.com"},
	{Short: "crusoe", Name: "crusoe", Hosts: []string{"api.inference.crusoecloud.com"}, Upstream: "https://api.inference.crusoecloud.com", Base: "/v1"},
	{Short: "dashscope", Name: "dashscope", Hosts: []string{"dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "dashscope-us.aliyuncs.com"}, Upstream: "https://dashscope.aliyuncs.com", Base: "/compatible-mode/v1"},
	{Short: "databricks", Name: "databricks", Hosts: []string{"*.cloud.databricks.com", "*.azuredatabricks.net", "*.gcp.databricks.com"}, Base: "/serving-endpoints"},
	{Short: "deepgram", Name: "deepgram", Hosts: []string{"api.deepgram.com"}, Upstream: "https://api.deepgram.com"},
	{Short: "deepinfra", Name: "deepinfra", Hosts: []string{"api.deepinfra.com"}, Upstream: "https://api.deepinfra.com", Base: "/v1/openai"},
	{Short: "digitalocean", Name: "digitalocean", Hosts: []string{"inference.do-ai.run"}, Upstream: "https://inference.do-ai.run", Base: "/v1"},
	{Short: "featherless", Name: "featherless", Hosts: []string{"api.featherless.ai"}, Upstream: "https://api.featherless.ai", Base: "/v1"},
	{Short: "fireworks", Name: "fireworks", Hosts: []string{"api.fireworks.ai"}, Upstream: "https://api.fireworks.ai", Base: "/inference/v1"},
	{Short: "friendli", Name: "friendli", Hosts: []string{"api.friendli.ai"}, Upstream: "https://api.friendli.ai", Base: "/serverless/v1"},
	{Short: "github", Name: "github", Hosts: []string{"models.github.ai", "models.inference.ai.azure.com"}, Upstream: "https://models.github.ai", Base: "/inference"},
	{Short: "github-copilot", Name: "github-copilot", Hosts: []string{"api.githubcopilot.com", "api.*.githubcopilot.com"}, Upstream: "https://api.githubcopilot.com", Base: ""},
	{Short: "helicone", Name: "helicone", Hosts: []string{"ai-gateway.helicone.ai"}, Upstream: "https://ai-gateway.helicone.ai", Base: "/v1"},
	{Short: "huggingface", Name: "huggingface", Hosts: []string{"router.huggingface.co", "api-inference.huggingface.co", "*.endpoints.huggingface.cloud"}, Upstream: "https://router.huggingface.co", Base: "/v1"},
	{Short: "hyperbolic", Name: "hyperbolic", Hosts: []string{"api.hyperbolic.xyz"}, Upstream: "https://api.hyperbolic.xyz", Base: "/v1"},
	{Short: "inception", Name: "inception", Hosts: []string{"api.inceptionlabs.ai"}, Upstream: "https://api.inceptionlabs.ai", Base: "/v1"},
	{Short: "lambda", Name: "lambda", Hosts: []string{"api.lambda.ai"}, Upstream: "https://api.lambda.ai", Base: "/v1"},
	{Short: "meta", Name: "meta", Hosts: []string{"api.llama.com"}, Upstream: "https://api.llama.com", Base: "/compat/v1"},
	{Short: "minimax", Name: "minimax", Hosts: []string{"api.minimax.io", "api.minimaxi.com"}, Upstream: "https://api.minimax.io", Base: "/v1"},
	{Short: "modelscope", Name: "modelscope", Hosts: []string{"api-inference.modelscope.cn"}, Upstream: "https://api-inference.modelscope.cn", Base: "/v1"},
	{Short: "nebius", Name: "nebius", Hosts: []string{"api.studio.nebius.ai", "api.tokenfactory.nebius.com"}, Upstream: "https://api.tokenfactory.nebius.com", Base: "/v1"},
	{Short: "novita", Name: "novita", Hosts: []string{"api.novita.ai"}, Upstream: "https://api.novita.ai", Base: "/v3/openai"},
	{Short: "nscale", Name: "nscale", Hosts: []string{"inference.api.nscale.com"}, Upstream: "https://inference.api.nscale.com", Base: "/v1"},
	{Short: "nvidia", Name: "nvidia", Hosts: []string{"integrate.api.nvidia.com", "ai.api.nvidia.com"}, Upstream: "https://integrate.api.nvidia.com", Base: "/v1"},
	{Short: "openrouter", Name: "openrouter", Hosts: []string{"openrouter.ai"}, Upstream: "https://openrouter.ai", Base: "/api/v1"},
	{Short: "ovhcloud", Name: "ovhcloud", Hosts: []string{"oai.endpoints.kepler.ai.cloud.ovh.net"}, Upstream: "https://oai.endpoints.kepler.ai.cloud.ovh.net", Base: "/v1"},
	{Short: "parasail", Name: "parasail", Hosts: []string{"api.parasail.io"}, Upstream: "https://api.parasail.io", Base: "/v1"},
	{Short: "poe", Name: "poe", Hosts: []string{"api.poe.com"}, Upstream: "https://api.poe.com", Base: "/v1"},
	{Short: "pydantic-gateway", Name: "pydantic-gateway", Hosts: []string{"gateway.pydantic.dev", "gateway-*.pydantic.dev"}, Upstream: "https://gateway.pydantic.dev", Base: "/proxy/openai"},
	{Short: "reka", Name: "reka", Hosts: []string{"api.reka.ai"}, Upstream: "https://api.reka.ai", Base: "/v1"},
	{Short: "replicate", Name: "replicate", Hosts: []string{"api.replicate.com"}, Upstream: "https://api.replicate.com", Base: "/v1"},
	{Short: "sambanova", Name: "sambanova", Hosts: []string{"api.sambanova.ai"}, Upstream: "https://api.sambanova.ai", Base: "/v1"},
	{Short: "scaleway", Name: "scaleway", Hosts: []string{"api.scaleway.ai"}, Upstream: "https://api.scaleway.ai", Base: "/v1"},
	{Short: "siliconflow", Name: "siliconflow", Hosts: []string{"api.siliconflow.com", "api.siliconflow.cn"}, Upstream: "https://api.siliconflow.com", Base: "/v1"},
	{Short: "snowflake", Name: "snowflake", Hosts: []string{"*.snowflakecomputing.com"}, Base: "/api/v2/cortex/v1"},
	{Short: "together", Name: "together", Hosts: []string{"api.together.ai", "api.together.xyz"}, Upstream: "https://api.together.ai", Base: "/v1"},
	{Short: "v0", Name: "v0", Hosts: []string{"api.v0.dev"}, Upstream: "https://api.v0.dev", Base: "/v1"},
	{Short: "venice", Name: "venice", Hosts: []string{"api.venice.ai"}, Upstream: "https://api.venice.ai", Base: "/api/v1"},
	{Short: "vercel", Name: "vercel", Hosts: []string{"ai-gateway.vercel.sh"}, Upstream: "https://ai-gateway.vercel.sh", Base: "/v1"},
	{Short: "volcengine", Name: "volcengine", Hosts: []string{"ark.*.volces.com"}, Upstream: "https://ark.cn-beijing.volces.com", Base: "/api/v3"},
	{Short: "voyageai", Name: "voyageai", Hosts: []string{"api.voyageai.com"}, Upstream: "https://api.voyageai.com", Base: "/v1"},
	{Short: "wandb", Name: "wandb", Hosts: []string{"api.inference.wandb.ai"}, Upstream: "https://api.inference.wandb.ai", Base: "/v1"},
	{Short: "writer", Name: "writer", Hosts: []string{"api.writer.com"}, Upstream: "https://api.writer.com", Base: "/v1"},
	{Short: "xiaomi", Name: "xiaomi", Hosts: []string{"api.xiaomimimo.com"}, Upstream: "https://api.xiaomimimo.com", Base: "/v1"},
	{Short: "zai", Name: "zai", Hosts: []string{"api.z.ai", "open.bigmodel.cn"}, Upstream: "https://api.z.ai", Base: "/api/paas/v4"},

	{Short: "ollama", Name: "ollama", Hosts: []string{"ollama.com"}},
	{Short: "gpustack", Name: "gpustack", Base: "/v1"},
	{Short: "litellm", Name: "litellm", Base: "/v1"},
	{Short: "llamacpp", Name: "llamacpp", Base: "/v1"},
	{Short: "lmstudio", Name: "lmstudio", Base: "/v1"},
	{Short: "vllm", Name: "vllm", Base: "/v1"},
	{Short: "openai-compat", Name: "openai-compat", Base: "/v1"},
}

// ByHost returns the provider that answers at host (lower case, no port), or nil.
func ByHost(host string) *Provider {
	for i := range Providers {
		for _, h := range Providers[i].Hosts {
			if MatchHost(h, host) {
				return &Providers[i]
			}
		}
	}
	return nil
}

// ByShort returns the provider with that short name, or nil.
func ByShort(short string) *Provider {
	for i := range Providers {
		if Providers[i].Short == short {
			return &Providers[i]
		}
	}
	return nil
}
