package codec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

func TestProvidersHaveOneRowEach(t *testing.T) {
	shorts, hosts := map[string]bool{}, map[string]bool{}
	for _, p := range Providers {
		if p.Short == "" || p.Name == "" || shorts[p.Short] {
			t.Errorf("%q: empty or not unique", p.Short)
		}
		shorts[p.Short] = true
		for _, h := range p.Hosts {
			if hosts[h] {
				t.Errorf("%s: not unique", h)
			}
			hosts[h] = true
			example := strings.ReplaceAll(h, "*", "x-1")
			if got := ByHost(example); got == nil || got.Short != p.Short {
				t.Errorf("%s is answered by %v, want %s", example, got, p.Short)
			}
		}
		if p.Base != "" && (p.Base[0] != '/' || strings.HasSuffix(p.Base, "/")) {
			t.Errorf("%s: base %q", p.Short, p.Base)
		}
		if p.Upstream == "" {
			continue
		}
		host, ok := strings.CutPrefix(p.Upstream, "https://")
		if !ok || strings.Contains(host, "/") {
			t.Errorf("%s: upstream %q is more or less than scheme and host", p.Short, p.Upstream)
		}
		if got := ByHost(host); got == nil || got.Short != p.Short {
			t.Errorf("%s: upstream %q is another's host", p.Short, p.Upstream)
		}
	}
}

func TestRecordedProvidersHaveARow(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(sharedtest.Dir(t), "wire", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index []struct{ Provider string }
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	for _, row := range index {
		if ByShort(row.Provider) == nil {
			t.Errorf("%s has no row", row.Provider)
		}
	}
}

func TestHostsAreRecognised(t *testing.T) {
	tests := []struct{ host, short string }{
		{"api.openai.com", "openai"},
		{"eu.api.openai.com", "openai"},
		{"api.openai.com.example.org", ""},
		{"myapi.openai.com", ""},
		{"res.openai.azure.com", "azure"},
		{".openai.azure.com", ""},
		{"bedrock-runtime.us-east-1.amazonaws.com", "bedrock"},
		{"vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "bedrock"},
		{"bedrock-agent-runtime.us-east-1.amazonaws.com", "bedrock-agent"},
		{"us-central1-aiplatform.googleapis.com", "vertex"},
		{"aiplatform.eu.rep.googleapis.com", "vertex"},
		{"storage.googleapis.com", ""},
		{"localhost", ""},
		{"", ""},
		{strings.Repeat("a.", 200), ""},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			got := ""
			if p := ByHost(tt.host); p != nil {
				got = p.Short
			}
			if got != tt.short {
				t.Errorf("got %q, want %q", got, tt.short)
			}
		})
	}
}

func TestAzureNamesItsTwoAPIs(t *testing.T) {
	azure := ByShort("azure")
	for path, want := range map[string]string{
		"/models/chat/completions":               "azure.ai.inference",
		"//openai/deployments/d/embeddings":      "azure.ai.openai",
		"/openai/v1/responses":                   "azure.ai.openai",
		"/openai/deployments/models/completions": "azure.ai.openai",
	} {
		if got := azure.NameAt(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestSegments(t *testing.T) {
	if got := LastSegments("//a/b//c/", 4); strings.Join(got, ",") != ",a,b,c" {
		t.Errorf("got %q", got)
	}
	if got := LastSegments("", 2); strings.Join(got, ",") != "," {
		t.Errorf("got %q", got)
	}
	for path, want := range map[string]string{
		"//openai/deployments/my%20model/chat/completions": "my model",
		"/openai/deployments/":                             "",
		"/v1/chat/completions":                             "",
		"/deployments/%zz/x":                               "%zz",
	} {
		if got := After(path, "deployments"); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestEndsInIsAsLastSegments(t *testing.T) {
	for _, path := range []string{"", "/", "/v1/chat", "//v1//chat//", "/a/v1/chat/", "/v1/chatter", "/v1", "chat", "v1/chat"} {
		for _, want := range [][]string{{"chat"}, {"v1", "chat"}, {"a", "v1", "chat"}} {
			if got, wanted := EndsIn(path, want), slices.Equal(LastSegments(path, len(want)), want); got != wanted {
				t.Errorf("%q ends in %q: %t, want %t", path, want, got, wanted)
			}
		}
	}
}
