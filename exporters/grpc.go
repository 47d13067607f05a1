package exporters

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// gRPC writes its errors to stderr by default, which is the child's; ours come
// as return values. The logger may only be set before anything else of gRPC is used.
func init() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard)) }

// grpcSender sends OTLP over gRPC: the request that the SDK serialised, as it is.
type grpcSender struct {
	conn *grpc.ClientConn
	set  settings
	md   metadata.MD
	opts []grpc.CallOption
}

var _ sender = (*grpcSender)(nil)

// newGRPCConn returns a connection that is dialled when it is first used.
func newGRPCConn(s settings, tlsConfig *tls.Config, agent string) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if s.secure {
		creds = credentials.NewTLS(tlsConfig)
	}
	conn, err := grpc.NewClient(
		s.target,
		grpc.WithTransportCredentials(creds),
		grpc.WithUserAgent(agent),
		grpc.WithDisableServiceConfig(), // retries are ours
		grpc.WithDisableRetry(),
	)
	if err != nil {
		return nil, &Error{
			Problem: s.name("ENDPOINT") + " is not an endpoint that gRPC can dial",
			Hint:    "write it like " + defaultGRPC,
			Err:     err,
		}
	}
	return conn, nil
}

func newGRPCSender(s settings, conn *grpc.ClientConn) *grpcSender {
	g := &grpcSender{conn: conn, set: s, md: metadata.New(s.headers), opts: []grpc.CallOption{grpc.ForceCodecV2(rawCodec{})}}
	if s.gzip {
		g.opts = append(g.opts, grpc.UseCompressor(gzip.Name))
	}
	return g
}

func (g *grpcSender) encode(r request) ([]byte, error) { return r.body, nil }

func (g *grpcSender) send(ctx context.Context, sig signal, payload []byte) error {
	var answer []byte
	err := g.conn.Invoke(metadata.NewOutgoingContext(ctx, g.md), rows[sig].method, payload, &answer, g.opts...)
	if err != nil {
		return g.set.diagnoseGRPC(ctx, err)
	}
	if rejected, message := partialSuccess(answer); rejected > 0 || message != "" {
		return &failure{kind: "partial", where: g.set.shown, what: g.set.clean(message), rejected: rejected, partial: true}
	}
	return nil
}

// diagnoseGRPC says in our words why a call failed.
func (s settings) diagnoseGRPC(ctx context.Context, err error) *failure {
	st, _ := status.FromError(err)
	text := st.Message()
	if ctx.Err() != nil {
		return s.noAnswer(text)
	}
	if f := s.diagnoseText(text); f != nil {
		return f
	}
	// No answer of the collector's: gRPC's own words for a connection that
	// could not be made or was lost.
	if _, why, ok := strings.Cut(text, "connection error: desc = "); ok || strings.HasPrefix(text, "error reading from server") {
		f := &failure{kind: "connection", where: s.shown, what: s.clean(strings.Trim(why, `"`)), retry: true}
		switch {
		case strings.Contains(text, "server preface"):
			f.what = "it ends the connection before gRPC begins"
			f.hint = "write https:// in " + s.name("ENDPOINT") + " if it speaks TLS, or set " + s.name("PROTOCOL") + "=http/protobuf if it speaks HTTP"
		case !ok:
			f.what = s.clean(text)
		}
		return f
	}
	if st.Code() == codes.Unavailable && lostConnection(text) {
		return s.ended()
	}
	f := &failure{kind: st.Code().String(), where: s.shown, live: true}
	f.what = "it answers " + words(st.Code().String())
	if said := s.clean(text); said != "" {
		f.what += ": " + said
	}
	switch st.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		f.retry = true
		f.after = retryDelay(st)
	case codes.ResourceExhausted:
		// Only a server that says when to come back wants us back.
		f.after = retryDelay(st)
		f.retry = f.after > 0
		if f.large = strings.Contains(text, "larger than max"); f.large {
			f.hint = hintLarge
		}
	case codes.Unauthenticated, codes.PermissionDenied:
		f.setup = true
		f.hint = "give what it asks for in " + s.name("HEADERS") + ", such as authorization=Bearer%20..."
	case codes.Unimplemented:
		f.setup = true
		f.what = "it speaks gRPC but does not take " + s.signal.String()
		f.hint = "turn them on there, or use --" + s.signal.String() + "_exporter none"
	}
	return f
}

func retryDelay(st *status.Status) time.Duration {
	for _, d := range st.Details() {
		if r, ok := d.(*errdetails.RetryInfo); ok {
			return max(r.GetRetryDelay().AsDuration(), 0)
		}
	}
	return 0
}

// words turns a code's name, DeadlineExceeded, into words: deadline exceeded.
func words(camel string) string {
	var b strings.Builder
	for i, r := range camel {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// rawCodec lets serialised messages through. Its name is what the content type
// says they are.
type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, errors.New("not a serialised message")
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return errors.New("not a place for a serialised message")
	}
	*b = slices.Clip(data.Materialize())
	return nil
}
