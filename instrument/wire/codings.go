package wire

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// decoders are the content codings that are read, by their names in the IANA
// registry. None may read ahead of what it needs, and none may return less than
// its input allows before it reads on.
var decoders = map[string]func(io.Reader) (io.ReadCloser, error){
	"gzip":    openGzip,
	"x-gzip":  openGzip,
	"deflate": openDeflate,
	"br":      openBrotli,
	"zstd":    openZstd,
}

// members reads the members of a gzip body one after the other. gzip.Reader's
// own way of doing so holds a member's last bytes back until it has seen
// whether another one follows, which a stream may leave open for long.
type members struct {
	*gzip.Reader
	src  io.Reader
	done bool // with the current member
}

func openGzip(r io.Reader) (io.ReadCloser, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &members{Reader: z, src: r}, nil
}

func (m *members) Read(p []byte) (int, error) {
	if m.done {
		if err := m.Reset(m.src); err != nil {
			return 0, err
		}
		m.Multistream(false)
		m.done = false
	}
	n, err := m.Reader.Read(p)
	if err == io.EOF {
		m.done, err = true, nil
	}
	return n, err
}

// openDeflate reads zlib's format, which RFC 9110 §8.4.1.2 demands, and the
// bare one that some servers send.
func openDeflate(r io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && head[0]>>4 <= 7 && (int(head[0])<<8|int(head[1]))%31 == 0 { // RFC 1950 §2.2
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}

func openBrotli(r io.Reader) (io.ReadCloser, error) {
	return io.NopCloser(wholeBrotli{brotli.NewReader(r)}), nil
}

// wholeBrotli ends where the stream does. brotli.Reader (v1.2.8) complains of
// excessive input when it is given a stream's last byte by itself; the error
// has no name. Everything was decoded then, also where it is right.
type wholeBrotli struct{ *brotli.Reader }

func (b wholeBrotli) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && err.Error() == "brotli: excessive input" {
		err = io.EOF
	}
	return n, err
}

// zstds holds decoders for the next body: each has a window of up to 8 MiB,
// which the stream's beginning claims in full, however short it is.
var zstds sync.Pool

// pooledZstd goes back to the pool when it is closed.
type pooledZstd struct{ *zstd.Decoder }

func openZstd(r io.Reader) (io.ReadCloser, error) {
	if z, ok := zstds.Get().(*zstd.Decoder); ok {
		if err := z.Reset(r); err != nil {
			return nil, err
		}
		return pooledZstd{z}, nil
	}
	z, err := zstd.NewReader(r,
		zstd.WithDecoderConcurrency(1), // no goroutines
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(8<<20), // RFC 9659 §3
		zstd.WithDecoderMaxMemory(maxDecoded))
	if err != nil {
		return nil, err
	}
	return pooledZstd{z}, nil
}

func (z pooledZstd) Close() error {
	err := z.Reset(nil)
	zstds.Put(z.Decoder)
	return err
}
