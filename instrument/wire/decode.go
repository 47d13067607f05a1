package wire

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of decompression. A body that expands beyond one of them is read no
// further; its bytes go on.
const (
	maxDecoded = 64 << 20 // bytes
	maxRatio   = 100      // of decoded to encoded bytes, once there are more than
	ratioFrom  = 1 << 20  // so many decoded ones
	maxCodings = 4        // applied to one body
)

// ErrExpands is what Close returns when a body was read no further since it
// expands beyond 64 MiB, or beyond a hundred times its size. The events up to
// there were delivered.
var ErrExpands = errors.New("the compressed body expands beyond what is read")

// Decode returns a [Framer] that removes the content codings in encoding, as a
// Content-Encoding field lists them (RFC 9110 §8.4), and writes what is inside
// to next, which it also closes. It knows gzip, deflate (with and without the
// zlib wrapper), br, zstd and identity; any other is an error, and next is then
// untouched.
//
// When Write returns, everything that its bytes allow to decode was delivered.
// A body that is cut off gives what was decoded and no error; a corrupt one an
// error from Close, [ErrExpands] one that is a bomb.
//
// Decoders pull their input, so each coding that was written to has a goroutine,
// but it runs only while Write or Close waits for it: nothing is concurrent,
// and events are delivered on the writer's goroutine. A coroutine (iter.Pull)
// would be faster by 0.4 µs a Write, but the runtime ends the process when one
// is resumed from a goroutine that is locked to another thread, and a program
// may read its bodies on such a one. Close ends the goroutine: it must be called.
func Decode(encoding string, next Framer) (Framer, error) {
	count := 0
	for coding := range strings.SplitSeq(encoding, ",") {
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding == "" || coding == "identity" {
			continue
		}
		open := decoders[coding]
		if open == nil {
			return nil, fmt.Errorf("unknown content coding %.32q", coding)
		}
		if count++; count > maxCodings {
			return nil, fmt.Errorf("more than %d content codings", maxCodings)
		}
		// The codings are listed as they were applied: the last is the outermost.
		next = &decoder{coding: coding, open: open, next: next}
	}
	return next, nil
}

// decoder hands what is written to it to a goroutine that decodes, waits until
// that needs more, and hands what it decoded to next. Exactly one of the two
// goroutines runs at any time: resume and answer pass the turn, and with it the
// fields below them.
type decoder struct {
	coding string
	open   func(io.Reader) (io.ReadCloser, error)
	next   Framer
	needs  int // bytes that decoding takes, roughly

	closed  bool
	started bool
	resume  chan struct{}
	answer  chan struct{}

	in    []byte // written and not yet read
	last  bool   // no more will be written
	dry   bool   // the goroutine waits for input, not for room
	short bool   // it was told that there is no more
	read  int64  // bytes of input
	out   []byte
	lo    int // out[lo:hi] is decoded and not yet handed on
	hi    int
	total int64 // bytes decoded
	ended bool  // the goroutine is gone
	err   error // why
}

func (d *decoder) Write(p []byte) (int, error) {
	if len(p) > 0 && !d.closed && !d.ended {
		d.in = p
		d.need(p)
		d.turn()
		d.in = nil
	}
	return len(p), nil
}

func (d *decoder) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	if d.started && !d.ended {
		d.last = true
		d.turn()
	}
	d.out = nil
	err := d.next.Close()
	if d.err != nil {
		return d.err
	}
	return err
}

// turn lets the goroutine run until it has read all input.
func (d *decoder) turn() {
	delivered := false
	defer func() {
		if !delivered && !d.ended { // the sink panics: nobody will come back
			d.abandon()
		}
	}()
	for {
		d.run()
		if d.lo < d.hi {
			_, _ = d.next.Write(d.out[d.lo:d.hi])
			d.lo = d.hi
		}
		if d.ended || (d.dry && !d.last) {
			break
		}
	}
	delivered = true
}

// abandon ends the goroutine and lets nothing more be delivered.
func (d *decoder) abandon() {
	d.in, d.last = nil, true
	d.total = maxDecoded // its next output is its last
	for !d.ended {
		d.lo = d.hi
		d.run()
	}
}

// run passes the turn to the goroutine and waits to get it back.
func (d *decoder) run() {
	if d.started {
		d.resume <- struct{}{}
	} else {
		d.started = true
		d.resume, d.answer = make(chan struct{}), make(chan struct{})
		d.out = make([]byte, 16<<10)
		go d.decode() // ended by Close, which it gets as the end of its input
	}
	<-d.answer
}

// pause passes the turn back.
func (d *decoder) pause() {
	d.answer <- struct{}{}
	<-d.resume
}

// decode is the goroutine.
func (d *decoder) decode() {
	defer func() {
		if p := recover(); p != nil {
			d.err = fmt.Errorf("decode the body: %v", p)
		}
		d.ended = true
		d.answer <- struct{}{}
	}()
	r, err := d.open((*input)(d))
	if err == nil {
		err = d.copyFrom(r)
		_ = r.Close()
	}
	// A decoder that ran out of input has nothing to say about what it read.
	if err != nil && err != io.EOF && (!d.short || errors.Is(err, ErrExpands)) {
		d.err = fmt.Errorf("decode the body: %w", err)
	}
}

// copyFrom reads r to its end.
func (d *decoder) copyFrom(r io.Reader) error {
	for {
		if d.lo == d.hi {
			d.lo, d.hi = 0, 0
		}
		if d.hi == len(d.out) {
			d.dry = false
			d.pause()
			continue
		}
		n, err := r.Read(d.out[d.hi:])
		d.hi += n
		d.total += int64(n)
		if d.total > maxDecoded || (d.total > ratioFrom && d.total > maxRatio*d.read) {
			return ErrExpands
		}
		if err != nil {
			return err
		}
	}
}

// input is a decoder as what its goroutine reads from.
type input decoder

// Read returns what was written and is not read yet, and waits for a Write when
// there is nothing. It never waits while it has something.
func (i *input) Read(p []byte) (int, error) {
	d := (*decoder)(i)
	for len(d.in) == 0 {
		if d.last {
			d.short = true
			return 0, io.EOF
		}
		d.dry = true
		d.pause()
	}
	n := copy(p, d.in)
	d.in = d.in[n:]
	d.read += int64(n)
	return n, nil
}

// ReadByte keeps decoders from putting a buffer of their own in between.
func (i *input) ReadByte() (byte, error) {
	var b [1]byte
	if len(i.in) > 0 {
		b[0] = i.in[0]
		i.in = i.in[1:]
		i.read++
		return b[0], nil
	}
	_, err := i.Read(b[:])
	return b[0], err
}
