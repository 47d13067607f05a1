package exporters

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Uploads writes documents to a folder, each whole or not at all, readable by
// its owner alone. What is put waits in a bounded queue, and nobody for it.
type Uploads struct {
	dir  string
	base string // the folder as a URL, with a slash at its end
	max  int
	warn func(problem, hint string)

	mu      sync.Mutex
	waiting []document
	running bool
	idle    chan struct{} // closed when nothing waits; nil while nobody asks
	done    map[string]bool
	failed  int64
	full    int64
	why     error
}

type document struct {
	name string
	data []byte
	once bool
}

// maxDone bounds the names that are remembered as written.
const maxDone = 1024

// NewUploads returns the folder that base names, a path or a file URL, made if
// it isn't there; up to limit documents may wait. An error is an [*Error]. Warn
// is told by [Uploads.Flush] what was lost.
func NewUploads(base string, limit int, warn func(problem, hint string)) (*Uploads, error) {
	dir, err := folder(base)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	probe, err := os.CreateTemp(dir, ".otel-genai-*")
	if err != nil {
		return nil, unusable(dir, err)
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	slashed := filepath.ToSlash(dir)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive
	}
	return &Uploads{
		dir: dir, base: (&url.URL{Scheme: "file", Path: strings.TrimSuffix(slashed, "/") + "/"}).String(),
		max: limit, warn: warn, done: map[string]bool{},
	}, nil
}

func unusable(dir string, err error) *Error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		err = p.Err
	}
	return &Error{Problem: fmt.Sprintf("cannot write to %s: %v", dir, err), Hint: "name a folder that can be written to", Err: err}
}

// CheckUploads refuses a base that NewUploads could make nothing of.
func CheckUploads(base string) error {
	_, err := folder(base)
	return err
}

func folder(base string) (string, error) {
	if scheme, _, isURL := strings.Cut(base, "://"); isURL {
		u, err := url.Parse(base)
		if !strings.EqualFold(scheme, "file") || err != nil || (u.Host != "" && u.Host != "localhost") {
			return "", &Error{Problem: fmt.Sprintf("%q is no folder of this machine", scheme+"://..."), Hint: "write a path, or file:///a/path"}
		}
		base = filepath.FromSlash(u.Path)
	}
	if base == "" {
		return "", &Error{Problem: "there is no folder to write to", Hint: "write a path, or file:///a/path"}
	}
	dir, err := filepath.Abs(base)
	if err != nil {
		return "", unusable(base, err)
	}
	return dir, nil
}

// Put queues a document and returns the URL that it will have, or "" when too
// many wait already. One that is put once is not written again.
func (u *Uploads) Put(name string, data []byte, once bool) (ref string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	ref = u.base + url.PathEscape(name)
	if once && u.done[name] {
		return ref
	}
	if len(u.waiting) >= u.max {
		u.full++
		return ""
	}
	u.waiting = append(u.waiting, document{name, data, once})
	if !u.running {
		u.running = true
		go u.work() // ends when nothing waits
	}
	return ref
}

func (u *Uploads) work() {
	for {
		u.mu.Lock()
		if len(u.waiting) == 0 {
			u.running = false
			if u.idle != nil {
				close(u.idle)
				u.idle = nil
			}
			u.mu.Unlock()
			return
		}
		d := u.waiting[0]
		u.mu.Unlock()
		err := u.write(d)
		u.mu.Lock()
		u.waiting = u.waiting[1:] // only now: it counts as long as it is held
		switch {
		case err != nil:
			u.failed++
			u.why = err
		case d.once && len(u.done) < maxDone:
			u.done[d.name] = true
		}
		u.mu.Unlock()
	}
}

func (u *Uploads) write(d document) error {
	path := filepath.Join(u.dir, filepath.Base(d.name))
	if d.once {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
	}
	f, err := os.CreateTemp(u.dir, ".otel-genai-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(d.data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Flush returns when all that was put has been written, or when ctx is done,
// and tells what was lost.
func (u *Uploads) Flush(ctx context.Context) {
	u.mu.Lock()
	if u.running {
		if u.idle == nil {
			u.idle = make(chan struct{})
		}
		idle := u.idle
		u.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
		}
		u.mu.Lock()
	}
	defer u.mu.Unlock()
	if n := u.failed; n > 0 {
		err := u.why
		if p, ok := errors.AsType[*os.PathError](err); ok {
			err = p.Err
		}
		u.warn(fmt.Sprintf("cannot write content to %s: %v (%s lost)", u.dir, err, counted(n, "document")), "see that there is room, and the right to write")
	}
	if n := u.full; n > 0 {
		u.warn(counted(n, "document")+" of content lost: the queue was full", "make it longer with OTEL_INSTRUMENTATION_GENAI_UPLOAD_MAX_QUEUE_SIZE")
	}
	if n := len(u.waiting); n > 0 {
		u.warn(counted(int64(n), "document")+" of content lost: there was no time to write them", "allow more with OTEL_GENAI_FLUSH_TIMEOUT")
	}
	u.failed, u.full = 0, 0
}

func counted(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
