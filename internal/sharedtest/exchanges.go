package sharedtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// Exchange is one recorded call, as wire/exchanges has it.
type Exchange struct {
	ID       string
	Provider string
	Request  Message
	Response Message
}

// Message is a request or a response. Bodies are stored without their coding
// and without the chunks in which they came.
type Message struct {
	Method, URL string // of a request
	Status      int    // of a response
	Headers     map[string]string
	Body        Body
}

// Body is a message's content.
type Body []byte

// UnmarshalJSON reads the two forms of wire/exchanges: text and base64.
func (b *Body) UnmarshalJSON(raw []byte) error {
	var stored struct{ Encoding, Text, Base64 string }
	if err := json.Unmarshal(raw, &stored); err != nil {
		return err
	}
	*b = Body(stored.Text)
	if stored.Encoding != "base64" {
		return nil
	}
	var err error
	*b, err = base64.StdEncoding.DecodeString(stored.Base64)
	return err
}

// Header returns the message's fields.
func (m Message) Header() http.Header {
	h := http.Header{}
	for name, value := range m.Headers {
		h.Set(name, value)
	}
	return h
}

// HTTP1 is the message as HTTP/1.1 has it, with the length of its body. A
// request's target is its URL's path and query after prefix.
func (m Message) HTTP1(prefix string) []byte {
	var b bytes.Buffer
	if m.Status != 0 {
		fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", m.Status, http.StatusText(m.Status))
	} else {
		target, host := "/", ""
		if u, err := url.Parse(m.URL); err == nil {
			target, host = u.RequestURI(), u.Host
		}
		fmt.Fprintf(&b, "%s %s%s HTTP/1.1\r\nHost: %s\r\n", m.Method, prefix, target, host)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Connection":
		default:
			fmt.Fprintf(&b, "%s: %s\r\n", name, m.Headers[name])
		}
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(m.Body))
	b.Write(m.Body)
	return b.Bytes()
}

var exchanges = sync.OnceValues(func() ([]Exchange, error) {
	dir, err := find()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "wire", "exchanges", "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no exchanges in %s: %w", dir, os.ErrNotExist)
	}
	all := make([]Exchange, len(files))
	for i, file := range files {
		raw, err := os.ReadFile(file) //nolint:gosec // a folder of tests
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &all[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return all, nil
})

// maxSeed is the size from which a recorded body makes fuzzing slow rather than
// thorough.
const maxSeed = 16 << 10

// Seeds returns the recorded exchanges that are small enough to be seeds of
// fuzzing, in the order of their names. Unlike [Dir] it doesn't skip where they are missing, since
// a fuzz target has others: it returns none. Where CI=true it fails.
func Seeds(t testing.TB) []Exchange {
	t.Helper()
	all, err := exchanges()
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Clone(all), func(x Exchange) bool {
		return len(x.Request.Body) > maxSeed || len(x.Response.Body) > maxSeed
	})
}
