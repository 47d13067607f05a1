package spool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Meta is what is kept beside a request: enough to send it again, and nothing
// secret. Header fields are not in it.
type Meta struct {
	// Signal is traces, metrics or logs.
	Signal string `json:"signal"`
	// Protocol is the one that it could not be sent by, as
	// OTEL_EXPORTER_OTLP_PROTOCOL spells it.
	Protocol string `json:"protocol"`
	// Endpoint is where it was to go, fit to be shown: no user, path or query.
	Endpoint string `json:"endpoint"`
	// Records is how many spans, metrics or log records are in it.
	Records int64 `json:"records"`
	// Key is 16 hexadecimal digits that requests to one place have in common.
	Key string `json:"-"`
}

// Item is a request that this process has claimed, or has just kept.
type Item struct {
	store *Store
	name  string
	owner string
}

// Name is the request's, as [Store.Waiting] has it.
func (it *Item) Name() string { return it.name }

func (it *Item) waiting() string { return it.store.path(it.name + extWaiting) }

func (it *Item) sending() string { return it.store.path(it.name + "." + it.owner + extSending) }

// Read returns the request, which must be claimed. An error is [ErrDamaged], or
// the file system's.
func (it *Item) Read() (Meta, []byte, error) {
	m, body, err := readAll(it.sending())
	if errors.Is(err, ErrDamaged) {
		it.store.setAside(it.name+"."+it.owner+extSending, err)
	}
	return m, body, err
}

// Done removes the request, which must be claimed: it has arrived, or never will.
func (it *Item) Done() error {
	it.store.step("sent")
	return it.store.remove(it.sending())
}

// Release gives the request back for everybody to claim, unless [Store.Close]
// has done so.
func (it *Item) Release() error {
	if err := os.Rename(it.sending(), it.waiting()); err != nil && !isGone(err) {
		return err
	}
	return nil
}

// Made is when the request was kept.
func (it *Item) Made() time.Time {
	f, _ := parseName(it.name + extWaiting)
	return f.made()
}

// PutOff is Release, with word for all processes that it should rather not be
// sent for so long; see [Store.NotBefore].
func (it *Item) PutOff(d time.Duration) error {
	if err := os.Chtimes(it.sending(), time.Time{}, it.store.now().Add(d)); err != nil && !isGone(err) {
		return err
	}
	return it.Release()
}

// A file is a line with the checksum and the length of all that follows, a line
// of JSON, and the request.
const (
	magic   = "otel-genai-spool 1 "
	maxMeta = 4 << 10
	lineLen = len(magic) + 8 + 1 + 16 + 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encode(m Meta, body []byte) ([]byte, error) {
	if !isHex(m.Key, KeyLen) {
		return nil, fmt.Errorf("the key %q is not %d hexadecimal digits", m.Key, KeyLen)
	}
	head, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if len(head) >= maxMeta {
		return nil, ErrTooLarge
	}
	data := make([]byte, lineLen, lineLen+len(head)+1+len(body))
	data = append(append(append(data, head...), '\n'), body...)
	rest := data[lineLen:]
	copy(data, fmt.Sprintf("%s%08x %016x\n", magic, crc32.Checksum(rest, castagnoli), len(rest)))
	return data, nil
}

// open opens a file of ours to read from: a regular one of a bearable size.
func open(path string) (*os.File, int64, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%w: it is no file", ErrDamaged)
	}
	if info.Size() > MaxBody+maxMeta+int64(lineLen) {
		return nil, 0, fmt.Errorf("%w: it is too large", ErrDamaged)
	}
	f, err := os.Open(path) //nolint:gosec // in our folder
	return f, info.Size(), err
}

// readHead reads up to the request. The key comes from the file's name.
func readHead(path string, data []byte) (Meta, int, error) {
	var m Meta
	text := string(data[:min(len(data), lineLen)])
	if len(text) < lineLen || !strings.HasPrefix(text, magic) || text[lineLen-1] != '\n' {
		return m, 0, fmt.Errorf("%w: it does not begin as ours do", ErrDamaged)
	}
	line := data[lineLen:min(len(data), lineLen+maxMeta)]
	end := bytes.IndexByte(line, '\n')
	if end < 0 || json.Unmarshal(line[:end], &m) != nil || m.Records < 0 {
		return Meta{}, 0, fmt.Errorf("%w: what it says of itself can't be read", ErrDamaged)
	}
	if f, ok := parseName(filepath.Base(path)); ok {
		m.Key = f.key
	}
	return m, lineLen + end + 1, nil
}

func readMeta(path string) (m Meta, size int64, err error) {
	f, size, err := open(path)
	if err != nil {
		return m, 0, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, int64(lineLen+maxMeta)))
	if err != nil {
		return m, 0, err
	}
	m, _, err = readHead(path, data)
	return m, size, err
}

func readAll(path string) (Meta, []byte, error) {
	f, size, err := open(path)
	if err != nil {
		return Meta{}, nil, err
	}
	defer func() { _ = f.Close() }()
	data := make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		return Meta{}, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	m, at, err := readHead(path, data)
	if err != nil {
		return m, nil, err
	}
	rest := data[lineLen:]
	if string(data[:lineLen]) != fmt.Sprintf("%s%08x %016x\n", magic, crc32.Checksum(rest, castagnoli), len(rest)) {
		return m, nil, fmt.Errorf("%w: its checksum is wrong", ErrDamaged)
	}
	return m, data[at:], nil
}

// isGone reports whether a file is not there any more.
func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
