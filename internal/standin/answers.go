package standin

import (
	"net/http"
	"strings"
)

// answer answers a request as the host's API would.
func (p *Providers) answer(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "grpc") {
		grpcAnswer(w)
		return
	}
	p.llm.ServeHTTP(w, r)
}

// grpcAnswer is a unary answer of gRPC that holds the bytes "ok".
func grpcAnswer(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write([]byte{0, 0, 0, 0, 2, 'o', 'k'})
	w.Header().Set("Grpc-Status", "0")
}
