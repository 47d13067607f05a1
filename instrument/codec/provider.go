package codec

import "strings"

// Provider is one row of the provider table: who answers at a host. A provider
// that speaks a known family is this row and nothing else.
type Provider struct {
	// Short is the name that routes and documentation use: "openai".
	Short string
	// Name is gen_ai.provider.name: the well-known value of the conventions
	// where there is one.
	Name string
	// Hosts are exact names, or suffixes where they begin with "*.".
	Hosts []string
	// Upstream is scheme and host of the public API; empty where every
	// customer has a host of their own.
	Upstream string
	// Base is the path that a client's base URL for it ends in: "/v1".
	Base string
}

// Providers is the provider table. Order matters only where suffixes overlap.
var Providers = []Provider{
	{Short: "openai", Name: "openai", Hosts: []string{"api.openai.com", "*.api.openai.com"}, Upstream: "https://api.openai.com", Base: "/v1"},
	{Short: "azure", Name: "azure.ai.openai", Hosts: []string{"*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"}},
	{Short: "openai-compat", Name: "openai"},
}

// ByHost returns the provider that answers at host (lower case, no port), or nil.
func ByHost(host string) *Provider {
	for i := range Providers {
		for _, h := range Providers[i].Hosts {
			if h == host || (strings.HasPrefix(h, "*.") && strings.HasSuffix(host, h[1:])) {
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
