package fakellm

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func TestMain(m *testing.M) {
	// Google's client brings OpenCensus along, which starts a goroutine when it
	// is loaded and never ends it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// serve starts a server and returns its base URL, as OPENAI_BASE_URL has it.
func serve(t *testing.T, opts ...Option) string {
	t.Helper()
	return serveHandler(t, New(opts...)) + "/v1"
}

// client is OpenAI's own for a new server: what it can't read is wrong here.
func client(t *testing.T, opts ...Option) openai.Client {
	t.Helper()
	return openai.NewClient(option.WithBaseURL(serve(t, opts...)), option.WithAPIKey("sk-none"))
}

// post sends JSON as it stands.
func post(t *testing.T, url, body string, head ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// read is the whole body and how its reading ended.
func read(t *testing.T, resp *http.Response) (string, error) {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// decoded is the body as a JSON object.
func decoded(t *testing.T, resp *http.Response) obj {
	t.Helper()
	var o obj
	if err := json.NewDecoder(resp.Body).Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}

// events are the data of a stream's events, their names before them where
// they have one.
func events(t *testing.T, body string) (names, data []string) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if s, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			names = append(names, s)
		}
		if s, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			data = append(data, s)
		}
	}
	return names, data
}

// serveHandler starts a server of any handler.
func serveHandler(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		s.Close()
	})
	return s.URL
}
