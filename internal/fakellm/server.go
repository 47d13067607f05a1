package fakellm

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// OrderHeader is the request header that gives an order whatever the model's
// name is; see the package's list.
const OrderHeader = "X-Fakellm"

const (
	maxBody = 64 << 20 // bytes of a request that are read; more is refused with 413
	maxKept = 256      // background responses that are remembered
)

// obj is a JSON object.
type obj = map[string]any

// Call is one request as the server received it.
type Call struct {
	Method string
	Target string // path and query as on the wire
	Header http.Header
	Body   []byte
}

// Server answers as OpenAI would, and at the paths of other families as those
// would. Make it with [New].
type Server struct {
	interval time.Duration
	gate     func(r *http.Request, n int)
	seen     func(Call)
	gzip     bool

	mu   sync.Mutex
	kept map[string]obj // background responses by id
}

var _ http.Handler = (*Server)(nil)

// Option changes how a [Server] answers.
type Option interface{ apply(*Server) }

type optionFunc func(*Server)

func (f optionFunc) apply(s *Server) { f(s) }

// WithInterval waits d before each event of a stream but the first. Without it
// a stream comes as fast as it is read.
func WithInterval(d time.Duration) Option {
	return optionFunc(func(s *Server) { s.interval = d })
}

// WithGate calls f before the event number n, from 0, of the stream that
// answers r. The events before it have been flushed. f may block, so a test
// decides when a stream goes on, without a clock.
func WithGate(f func(r *http.Request, n int)) Option {
	return optionFunc(func(s *Server) { s.gate = f })
}

// WithSeen calls f with each request that was read whole, before it is
// answered. Requests come at the same time, so f must be safe for that.
func WithSeen(f func(Call)) Option {
	return optionFunc(func(s *Server) { s.seen = f })
}

// WithGzip compresses what is answered to clients that accept gzip, streams
// included, each event flushed.
func WithGzip() Option {
	return optionFunc(func(s *Server) { s.gzip = true })
}

// New returns a server. It keeps nothing but the last background responses,
// and starts no goroutine.
func New(opts ...Option) *Server {
	s := &Server{kept: map[string]obj{}}
	for _, o := range opts {
		o.apply(s)
	}
	return s
}

// ServeHTTP answers one call. Only the end of the path decides which API is
// meant, so any prefix works: /v1, a gateway's, an Azure deployment's.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, apiError{status: http.StatusRequestEntityTooLarge, kind: "invalid_request_error", message: "the request's body could not be read"})
		return
	}
	if s.seen != nil {
		s.seen(Call{r.Method, r.URL.RequestURI(), r.Header.Clone(), body})
	}
	if s.gzip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		z := &zipped{ResponseWriter: w, z: gzip.NewWriter(w)}
		w = z
		defer z.close()
	}
	x := &exchange{s: s, w: w, r: r, body: body, id: fingerprint(body, r.URL.Path)}
	head := w.Header()
	head.Set("X-Request-Id", "req_"+x.id)
	head.Set("Openai-Version", "2020-10-01")
	head.Set("Openai-Processing-Ms", strconv.Itoa(5+int(x.number()%90)))
	x.route()
}

// exchange is one request and its answer.
type exchange struct {
	s     *Server
	w     http.ResponseWriter
	r     *http.Request
	body  []byte
	id    string // hexadecimal, of the path and body
	order string
}

// ollamaPaths are those of Ollama's own API.
var ollamaPaths = map[string]bool{"/api/chat": true, "/api/generate": true, "/api/embed": true, "/api/embeddings": true}

func (x *exchange) route() {
	path := strings.TrimSuffix(x.r.URL.Path, "/")
	post := x.r.Method == http.MethodPost
	switch {
	case post && googleAnswers(path) != nil:
		x.google(path)
	case post && strings.HasSuffix(path, "/v1/messages"):
		x.anthropic()
	case post && strings.Contains(path, "/model/"):
		x.bedrock()
	case post && (strings.HasSuffix(path, "/v2/chat") || strings.HasSuffix(path, "/v2/embed") || strings.HasSuffix(path, "/v2/rerank")):
		x.cohere(path[strings.LastIndexByte(path, '/')+1:])
	case post && ollamaPaths[path[max(0, strings.LastIndex(path, "/api/")):]]:
		x.ollama(path[strings.LastIndexByte(path, '/')+1:])
	case post && strings.HasSuffix(path, "/fim/completions"):
		x.fim()
	case post && strings.HasSuffix(path, "/agents/completions"):
		x.agents()
	case post && strings.HasSuffix(path, "/chat/completions"):
		x.chat()
	case post && strings.HasSuffix(path, "/completions"):
		x.completion()
	case post && strings.HasSuffix(path, "/embeddings"):
		x.embeddings()
	case post && strings.HasSuffix(path, "/responses"):
		x.responses()
	case strings.Contains(path, "/responses/"):
		x.response(path[strings.LastIndex(path, "/responses/")+len("/responses/"):])
	case post && strings.HasSuffix(path, "/conversations"):
		x.json(obj{"id": "conv_" + x.id, "object": "conversation", "created_at": x.created(), "metadata": obj{}})
	case !post && strings.HasSuffix(path, "/models"):
		x.models()
	case !post && strings.Contains(path, "/models/"):
		x.model(path[strings.LastIndex(path, "/models/")+len("/models/"):])
	default:
		writeError(x.w, apiError{
			status: http.StatusNotFound, kind: "invalid_request_error", code: "unknown_url",
			message: fmt.Sprintf("Unknown request URL: %s %s.", x.r.Method, x.r.URL.Path),
		})
	}
}

// decode reads the body into v and obeys the orders that need no answer. It
// reports whether the call is still to be answered.
func (x *exchange) decode(v any, model *string) bool {
	if err := json.Unmarshal(x.body, v); err != nil {
		writeError(x.w, apiError{
			status: http.StatusBadRequest, kind: "invalid_request_error",
			message: "the body is not the JSON that this API takes: " + err.Error(),
		})
		return false
	}
	if *model == "" { // Azure names it in the path
		if _, rest, ok := strings.Cut(x.r.URL.Path, "/deployments/"); ok {
			*model, _, _ = strings.Cut(rest, "/")
		}
	}
	if *model == "" {
		writeError(x.w, apiError{status: http.StatusBadRequest, kind: "invalid_request_error", param: "model", message: "you must provide a model parameter"})
		return false
	}
	x.order = *model
	if order := x.r.Header.Get(OrderHeader); order != "" {
		x.order = order
	}
	return !x.refuse()
}

// number is a number that depends on the request alone.
func (x *exchange) number() uint64 {
	n, _ := strconv.ParseUint(x.id[:12], 16, 64) // hexadecimal by construction
	return n
}

// created is the Unix time at which the answer claims to have been made.
func (x *exchange) created() int64 { return 1767225600 + int64(x.number()%(300*24*3600)) }

// json answers with v.
func (x *exchange) json(v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // v is built here, of maps and plain values
	}
	x.w.Header().Set("Content-Type", "application/json")
	if x.order == "error-cut" {
		x.w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		x.write(data[:len(data)/2])
		panic(http.ErrAbortHandler)
	}
	x.write(data)
}

// write sends p at once. A client that has left is no error: there is nobody
// to tell.
func (x *exchange) write(p []byte) {
	_, _ = x.w.Write(p)
	_ = http.NewResponseController(x.w).Flush()
}

// zipped is a ResponseWriter that compresses.
type zipped struct {
	http.ResponseWriter
	z       *gzip.Writer
	written bool
}

func (z *zipped) WriteHeader(status int) {
	z.written = true
	z.Header().Set("Content-Encoding", "gzip")
	z.Header().Del("Content-Length")
	z.ResponseWriter.WriteHeader(status)
}

func (z *zipped) Write(p []byte) (int, error) {
	if !z.written {
		z.WriteHeader(http.StatusOK)
	}
	return z.z.Write(p)
}

// FlushError is what [http.ResponseController] calls.
func (z *zipped) FlushError() error {
	if err := z.z.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(z.ResponseWriter).Flush()
}

func (z *zipped) close() {
	if z.written {
		_ = z.z.Close() // fails only when the client has left
	}
}
