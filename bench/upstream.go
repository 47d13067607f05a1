package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The upstream answers as OpenAI's chat completions do, with the same bytes to
// every request but for the moment at which each chunk was sent.
const (
	chunks   = 100
	pace     = 20 * time.Millisecond // between the chunks of a paced stream
	apiPath  = "/v1/chat/completions"
	modelAsk = "gpt-4o-mini"
	modelGot = "gpt-4o-mini-2024-07-18"
	sentMark = `"sent":` // before the nanoseconds of a chunk's departure

	// paceHeader asks for so much time between two chunks, as a Go duration.
	paceHeader = "X-Bench-Pace"
)

var (
	wholeAnswer = []byte(`{"id":"chatcmpl-bench","object":"chat.completion","created":1732000000,"model":"` + modelGot +
		`","choices":[{"index":0,"message":{"role":"assistant","content":"` + strings.Repeat("measured ", 90) +
		`","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":250,"completion_tokens":90,"total_tokens":340,` +
		`"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}`)
	chunkHead  = `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1732000000,"model":"` + modelGot + `","choices":[`
	finalChunk = chunkHead + `{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n" + chunkHead +
		`],"usage":{"prompt_tokens":250,"completion_tokens":100,"total_tokens":350}}` + "\n\ndata: [DONE]\n\n"
)

func upstream(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || r.URL.Path != apiPath {
		http.Error(w, "unexpected request", http.StatusBadRequest)
		return
	}
	if !bytes.Contains(body, []byte(`"stream":true`)) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(wholeAnswer)))
		_, _ = w.Write(wholeAnswer)
		return
	}
	gap, _ := time.ParseDuration(r.Header.Get(paceHeader)) // none is 0
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	next := time.Now()
	for i := range chunks {
		if gap > 0 && i > 0 {
			next = next.Add(gap)
			select {
			case <-time.After(time.Until(next)):
			case <-r.Context().Done():
				return
			}
		}
		_, _ = fmt.Fprintf(w, "%s{\"index\":0,\"delta\":{\"content\":\"tok%d \"},\"finish_reason\":null}],%s%d}\n\n", chunkHead, i, sentMark, time.Now().UnixNano())
		if c.Flush() != nil {
			return
		}
	}
	_, _ = io.WriteString(w, finalChunk)
}
