// Canary is a program that puts a secret into every place that a client has
// one in: fields, query, cookie, body. It makes the call that its first
// argument names as the model, and says nothing but "done".
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	base, err := url.Parse(os.Getenv("OPENAI_BASE_URL"))
	if err != nil {
		fmt.Println("no base URL")
		os.Exit(1)
	}
	// Where the test looks for the secret of the run.
	if err := os.WriteFile("base", []byte(base.String()), 0o600); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, stream := range []bool{false, true} {
		call(*base, os.Args[1], stream)
	}
	fmt.Println("done")
}

func call(u url.URL, model string, stream bool) {
	said := "canary-body-0123, asked at " + os.Getenv("OPENAI_BASE_URL") + " with canary-bearer-0123"
	body, _ := json.Marshal(map[string]any{
		"model": model, "stream": stream, "messages": []any{map[string]any{"role": "user", "content": said}},
	})
	u.Path += "/chat/completions"
	u.RawQuery = strings.Trim(u.RawQuery+"&key=canary-query-0123&plain=canary-plain-0123", "&")
	req, err := http.NewRequest(http.MethodPost, u.String(), strings.NewReader(string(body)))
	if err != nil {
		return
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer canary-bearer-0123", "X-Api-Key": "canary-apikey-0123",
		"Cookie": "session=canary-cookie-0123", "X-Custom": "canary-custom-0123",
	} {
		req.Header.Set(name, value)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return // what went wrong is the program's own to know
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}
