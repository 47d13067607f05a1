package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fault "github.com/otel-genai/otel-genai/internal/faultserver"
)

const (
	answerJSON = `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`
	anEvent    = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}` + "\n\n"
	streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)

func sized(status, body string, fields ...string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s", status, len(body), strings.Join(append(fields, ""), "\r\n"), body)
}

func chunked(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

// faults are what a server says, and how it then ends.
var faults = map[string]struct {
	say string
	end func(*fault.Conn)
}{
	"none":                     {sized("200 Fine by me", answerJSON, "x-Odd: 1", "X-ODD: 2", "Set-Cookie: a=b"), nil},
	"gzip":                     {sized("200 OK", gzipped(answerJSON), "Content-Encoding: gzip"), nil},
	"gzip that is none":        {sized("200 OK", answerJSON, "Content-Encoding: gzip"), nil},
	"gzip that is cut":         {sized("200 OK", gzipped(answerJSON)[:60], "Content-Encoding: gzip"), nil},
	"malformed JSON":           {sized("200 OK", answerJSON[:50]), nil},
	"malformed UTF-8":          {sized("200 OK", "\"\xff\xfe\""), nil},
	"an error":                 {sized("429 Too Many Requests", `{"error":{"message":"slow down","code":"rate_limit_exceeded"}}`, "Retry-After: 1"), nil},
	"a redirect":               {sized("302 Found", "", "Location: /elsewhere", "Connection: close"), (*fault.Conn).CloseWrite},
	"103":                      {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + sized("200 OK", answerJSON), nil},
	"204":                      {"HTTP/1.1 204 No Content\r\n\r\n", nil},
	"without a length":         {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + answerJSON, (*fault.Conn).CloseWrite},
	"closed at once":           {"", (*fault.Conn).CloseWrite},
	"reset at once":            {"", (*fault.Conn).Reset},
	"closed within the head":   {"HTTP/1.1 200 OK\r\nContent-", (*fault.Conn).CloseWrite},
	"closed within the body":   {strings.Replace(sized("200 OK", answerJSON), fmt.Sprint(len(answerJSON)), "4096", 1), (*fault.Conn).CloseWrite},
	"no response":              {"nonsense\r\n\r\n", (*fault.Conn).CloseWrite},
	"a chunk's size is none":   {streamHead + "zz\r\nhello\r\n", (*fault.Conn).CloseWrite},
	"two lengths":              {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", (*fault.Conn).CloseWrite},
	"stream":                   {streamHead + chunked(anEvent) + chunked("data: [DONE]\n\n") + "0\r\n\r\n", nil},
	"stream with trailers":     {streamHead + chunked(anEvent) + chunked("data: [DONE]\n\n") + "0\r\nX-Sum: 1\r\n\r\n", nil},
	"stream closed too early":  {streamHead + chunked(anEvent), (*fault.Conn).CloseWrite},
	"stream of malformed JSON": {streamHead + chunked("data: {\n\n") + "0\r\n\r\n", nil},
}

// serveFaults plays the fault that the request's model names.
func serveFaults(c *fault.Conn) {
	for {
		_, body := c.Request()
		var asked struct{ Model string }
		if json.Unmarshal([]byte(body), &asked) != nil { // redirected
			c.Send(sized("200 OK", answerJSON, "Connection: close"))
			c.CloseWrite()
			return
		}
		f := faults[asked.Model]
		c.Send(f.say)
		if f.end != nil {
			f.end(c)
			return
		}
	}
}

func TestProgramsMeetFaultsAsTheyDoAlone(t *testing.T) {
	srv := fault.Start(t, nil)
	names := slices.Sorted(maps.Keys(faults))
	for _, tt := range []struct {
		name string
		argv func(*testing.T) []string
	}{
		{"Python", func(t *testing.T) []string { return []string{python(t), absolute(t, "testdata/faults.py")} }},
		{"Node", func(t *testing.T) []string { return []string{"node", script(t, "testdata/faults.mjs")} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			argv := append(tt.argv(t), names...)
			env := []string{"OPENAI_API_KEY=sk-none", "OPENAI_BASE_URL=http://" + srv.Addr() + "/v1"}
			dir := t.TempDir()
			file := filepath.Join(dir, "out.jsonl")
			play := func(before ...string) (result, []string) {
				take := srv.Play(serveFaults)
				got := run(t, dir, env, slices.Concat(before, argv)...)
				var received []string
				for _, r := range take.Wait() {
					// Whether a request finds the last one's connection free again is a
					// matter of moments, also alone, so requests are compared and not
					// the connections that they came by.
					received = append(received, requests(r.Text)...)
				}
				slices.Sort(received)
				return got, received
			}
			alone, sentAlone := play()
			if alone.status != 0 || strings.Count(alone.stdout, "\n") < len(names) {
				t.Fatalf("alone it ends with status %d:\n%s%s", alone.status, alone.stdout, alone.stderr)
			}
			under, sent := play(program(t, otelGenai), "run", "--traces_exporter", "otlp_file", "--metrics_exporter", "none", "--logs_exporter", "none", "--genai_file", file, "--")
			made := strings.Count(alone.stdout, "\n")
			exempt(t, &alone, &sentAlone, &under, &sent)
			if diff := cmp.Diff(strings.Split(alone.stdout, "\n"), strings.Split(under.stdout, "\n")); diff != "" {
				t.Errorf("under otel-genai it meets something else (-alone +under):\n%s", diff)
			}
			if alone.status != under.status || alone.stderr != under.stderr {
				t.Errorf("under otel-genai it ends otherwise: status %d, %s", under.status, under.stderr)
			}
			if diff := cmp.Diff(sentAlone, sent); diff != "" {
				t.Errorf("under otel-genai the provider receives something else (-alone +under):\n%s", diff)
			}
			if calls := read(t, file).calls(); len(calls) != made {
				t.Errorf("%d calls were told of, %d were made", len(calls), made)
			}
		})
	}
}

// requests are those of one connection.
func requests(said string) []string {
	var all []string
	for from := 0; from < len(said); {
		to := len(said)
		if next := requestLine.FindStringIndex(said[from+1:]); next != nil {
			to = from + 1 + next[0]
		}
		all = append(all, said[from:to])
		from = to
	}
	return all
}

var requestLine = regexp.MustCompile(`(?:GET|POST) /[^ ]* HTTP/1\.1\r\n`)

// exempt takes out what can't be the same: a client that follows a Location
// without a host goes to the proxy, where no secret leads it further. OpenAI's
// Python client is one that follows.
func exempt(t *testing.T, alone *result, sentAlone *[]string, under *result, sent *[]string) {
	t.Helper()
	const line, followed = `["openai", "a redirect"`, "GET /elsewhere"
	if !strings.Contains(alone.stdout, line) {
		return
	}
	take := func(from *string) (taken string) {
		var rest []string
		for l := range strings.Lines(*from) {
			if strings.HasPrefix(l, line) {
				taken += l
				continue
			}
			rest = append(rest, l)
		}
		*from = strings.Join(rest, "")
		return taken
	}
	if take(&alone.stdout) == take(&under.stdout) {
		t.Error("a redirect is no exemption any more")
	}
	toElsewhere := func(request string) bool { return strings.HasPrefix(request, followed) }
	*sentAlone, *sent = slices.DeleteFunc(*sentAlone, toElsewhere), slices.DeleteFunc(*sent, toElsewhere)
}
