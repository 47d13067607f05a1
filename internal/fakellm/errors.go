package fakellm

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// apiError is OpenAI's error object and the status that it comes with.
type apiError struct {
	status  int
	kind    string // "type"
	code    string
	param   string
	message string
}

func (e apiError) object() obj {
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return obj{"message": e.message, "type": e.kind, "param": null(e.param), "code": null(e.code)}
}

// What the API answers to an order for an error.
var ordered = map[string]apiError{
	"error-400":   {400, "invalid_request_error", "", "messages", "the request was made to be refused"},
	"error-401":   {401, "invalid_request_error", "invalid_api_key", "", "the key is not one that opens anything here"},
	"error-403":   {403, "invalid_request_error", "unsupported_country_region_territory", "", "not from where you are"},
	"error-404":   {404, "invalid_request_error", "model_not_found", "model", "there is no such model"},
	"error-429":   {429, "requests", "rate_limit_exceeded", "", "too many requests, were there a limit"},
	"error-quota": {429, "insufficient_quota", "insufficient_quota", "", "nothing is left of a quota that never was"},
	"error-500":   {500, "server_error", "", "", "the server had an error, as it was told to"},
	"error-503":   {503, "service_unavailable", "", "", "the server is overloaded, as it was told to be"},
}

// refuse obeys the orders that take the place of an answer.
func (x *exchange) refuse() bool {
	if e, ok := ordered[x.order]; ok {
		// Clients of OpenAI try again unless told not to: an order for an error
		// should be one call.
		x.w.Header().Set("X-Should-Retry", "false")
		writeError(x.w, e)
		return true
	}
	if times, ok := strings.CutPrefix(x.order, "flaky-"); ok {
		want, _ := strconv.Atoi(times)                                     // not a number: never fails
		have, _ := strconv.Atoi(x.r.Header.Get("X-Stainless-Retry-Count")) // absent: the first try
		if have < want {
			x.w.Header().Set("Retry-After-Ms", "1")
			writeError(x.w, ordered["error-500"])
			return true
		}
	}
	switch x.order {
	case "error-reset":
		panic(http.ErrAbortHandler)
	case "error-html":
		x.w.Header().Set("X-Should-Retry", "false")
		x.w.Header().Set("Content-Type", "text/html")
		x.w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(x.w, "<html><body><h1>502 Bad Gateway</h1></body></html>\n")
		return true
	}
	return false
}

func writeError(w http.ResponseWriter, e apiError) {
	data, err := json.Marshal(obj{"error": e.object()})
	if err != nil {
		panic(err) // maps of strings
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_, _ = w.Write(data) // a client that has left is no error
}

// midway is the event that a chat or completion stream ends with when it turns
// into an error.
func midway() event {
	return event{data: obj{"error": ordered["error-500"].object()}}
}
