package exporters

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// sink takes serialised requests somewhere. deliver returns when the request
// has arrived or is lost, and has told the reporter why.
type sink interface {
	deliver(context.Context, request) error
}

// tapURL is never dialled: [tap] answers. It is https because the SDK refuses
// to be given certificates (which it reads itself) for a plain endpoint.
const tapURL = "https://otel-genai.invalid/"

// tap stands where the SDK's OTLP exporters expect the network. It takes the
// serialised request to every sink: each once, whatever the others do.
type tap struct {
	signal signal
	sinks  []sink
}

var _ http.RoundTripper = (*tap)(nil)

// RoundTrip answers 200 when every sink has the request, and fails with
// [ErrUndelivered] in the error otherwise.
func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	_ = req.Body.Close()
	if err != nil {
		return nil, err
	}
	for _, s := range t.sinks {
		err = errors.Join(err, s.deliver(req.Context(), request{t.signal, body}))
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: req,
	}, nil
}

// readBody returns the body, whose length the exporters tell.
func readBody(req *http.Request) ([]byte, error) {
	if req.ContentLength <= 0 {
		return io.ReadAll(req.Body)
	}
	body := make([]byte, req.ContentLength)
	_, err := io.ReadFull(req.Body, body)
	return body, err
}

// client returns what the SDK's exporters are given for an HTTP client.
func (t *tap) client() *http.Client { return &http.Client{Transport: t} }
