package exporters

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// DefaultMaxExport is the longest request that is sent unless told otherwise,
// in bytes before compression: what a gRPC server takes by default, the
// Collector among them.
const DefaultMaxExport = 4 << 20

// split returns r in requests of at most limit bytes each, in order, whose
// records are together those of r; a record that is longer on its own comes
// alone. A limit of 0 or less is none. In all three messages resources are
// field 1, their scopes field 2 in that, their records field 2 in that; what else
// stands in either is repeated in each part.
func (r request) split(limit int) []request {
	if limit <= 0 || len(r.body) <= limit {
		return []request{r}
	}
	var parts []request
	for _, body := range pack(r.body, limit, 1, 2, 2) {
		parts = append(parts, request{r.signal, body})
	}
	return parts
}

// pack cuts a message into ones of at most limit bytes where it has more than
// one of what stands at the end of the path.
func pack(b []byte, limit int, path ...protowire.Number) [][]byte {
	var rest []byte // what every part has
	found := 0
	ok := eachField(b, func(num protowire.Number, typ protowire.Type, whole, _ []byte) {
		if num != path[0] || typ != protowire.BytesType {
			rest = append(rest, whole...)
		} else {
			found++
		}
	})
	if !ok || found == 0 {
		return [][]byte{b}
	}
	room := limit - len(rest)
	pieces := make([][]byte, 0, found) // each one field, with its tag
	eachField(b, func(num protowire.Number, typ protowire.Type, whole, value []byte) {
		switch {
		case num != path[0] || typ != protowire.BytesType:
		case len(whole) > room && len(path) > 1:
			for _, inner := range pack(value, max(room-maxTag, 1), path[1:]...) {
				piece := protowire.AppendTag(make([]byte, 0, maxTag+len(inner)), num, protowire.BytesType)
				pieces = append(pieces, protowire.AppendBytes(piece, inner))
			}
		default:
			pieces = append(pieces, whole)
		}
	})
	var parts [][]byte
	for len(pieces) > 0 {
		n, size := 1, len(rest)+len(pieces[0])
		for n < len(pieces) && size+len(pieces[n]) <= limit {
			size += len(pieces[n])
			n++
		}
		part := append(make([]byte, 0, size), rest...)
		for _, p := range pieces[:n] {
			part = append(part, p...)
		}
		parts, pieces = append(parts, part), pieces[n:]
	}
	return parts
}

// maxTag is the longest tag and length that stand before a field here, in bytes.
const maxTag = 1 + 5
