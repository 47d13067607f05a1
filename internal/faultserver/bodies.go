package faultserver

import (
	"bytes"
	"compress/flate"
	"encoding/binary"

	"github.com/andybalholm/brotli"
)

// Bomb is a compressed body of zeros that says far less than it expands to:
// First, then Again as many times as Times says, then Last.
type Bomb struct {
	Coding string // the name in the IANA registry
	First  []byte
	Again  []byte
	Times  int
	Last   []byte
}

// Size is how many bytes it has on the wire.
func (b Bomb) Size() int { return len(b.First) + b.Times*len(b.Again) + len(b.Last) }

// mega is what one repetition of a bomb expands to.
const mega = 1 << 20

// Bombs are one of each coding, expanding to the given number of MiB.
func Bombs(megas int) []Bomb {
	deflated := flateBlock()
	end := []byte{1, 0, 0, 0xff, 0xff} // an empty stored block, the last (RFC 1951 §3.2.4)
	// The checksums at the end are wrong: nobody gets there.
	gzip := Bomb{"gzip", []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}, deflated, megas, append(end[:5:5], 0, 0, 0, 0, 0, 0, 0, 0)}
	zlib := Bomb{"deflate", []byte{0x78, 0x9c}, deflated, megas, append(end[:5:5], 0, 0, 0, 0)}
	first, again := brotliBlocks()
	br := Bomb{"br", first, again, megas - 1, []byte{3}} // an empty last metablock (RFC 7932 §9.2)
	return []Bomb{gzip, zlib, br, zstdBomb(megas)}
}

// flateBlock is a MiB of zeros as blocks that end on a byte.
func flateBlock() []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = w.Write(make([]byte, mega))
	_ = w.Flush()
	return b.Bytes()
}

// brotliBlocks are two consecutive MiB of zeros; the second's bytes may be
// repeated, since they refer to nothing but zeros right before them.
func brotliBlocks() (first, again []byte) {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, 5)
	zeros := make([]byte, mega)
	_, _ = w.Write(zeros)
	_ = w.Flush()
	n := b.Len()
	_, _ = w.Write(zeros)
	_ = w.Flush()
	return bytes.Clone(b.Bytes()[:n]), bytes.Clone(b.Bytes()[n:])
}

// zstdBomb is one frame of RLE blocks (RFC 8878 §3.1.1.2), 128 KiB each.
func zstdBomb(megas int) Bomb {
	block := func(last int) []byte {
		b := binary.LittleEndian.AppendUint32(nil, uint32(last|1<<1|128<<10<<3))
		return append(b[:3], 0)
	}
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3} // magic, no content size, a window of 128 KiB
	return Bomb{"zstd", frame, bytes.Repeat(block(0), 8), megas, block(1)}
}
