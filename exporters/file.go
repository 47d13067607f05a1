package exporters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
)

// fileSink appends OTLP JSON lines: each line is one Export*ServiceRequest of
// any signal.
type fileSink struct {
	report *reporter
	path   string

	mu   sync.Mutex
	w    io.WriteCloser
	torn bool // the last line has no end
}

var _ sink = (*fileSink)(nil)

// openFile opens path to append to. What is in a new one is for its owner's
// eyes: it may hold prompts.
func openFile(path string, report *reporter) (*fileSink, error) {
	if path == "" {
		return nil, &Error{Problem: "otlp_file has no file to write to", Hint: "name one with OTEL_GENAI_FILE or --genai_file"}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the user's own path
	if err != nil {
		return nil, &Error{
			Problem: fmt.Sprintf("cannot open %s: %s", path, reason(err)),
			Hint:    "set OTEL_GENAI_FILE to a path that can be written",
			Err:     err,
		}
	}
	return &fileSink{report: report, path: path, w: f}, nil
}

func (s *fileSink) deliver(_ context.Context, r request) error {
	line, err := toJSON(r)
	if err == nil {
		err = s.write(line)
	}
	if err != nil {
		f := &failure{
			kind: "write", verb: "cannot write", where: s.path, what: reason(err),
			hint: "make room there, or set OTEL_GENAI_FILE to another path",
		}
		s.report.lost(r, f)
		return ErrUndelivered
	}
	s.report.delivered(r, s.path)
	return nil
}

// write appends line in one call, so that several processes may append to one
// file and a line that was cut (a full disk) spoils no other.
func (s *fileSink) write(line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.torn {
		line = append([]byte("\n"), line...)
	}
	n, err := s.w.Write(append(line, '\n'))
	if n > 0 {
		s.torn = err != nil
	}
	return err
}

func (s *fileSink) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.w.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return nil
}

// reason is an error of the file system without the call and the path.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
