package exporters

import (
	"slices"

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
	for _, p := range pack(r.body, limit, 1, 2, 2) {
		parts = append(parts, request{r.signal, slices.Concat(p.pieces...)})
	}
	return parts
}

// rope is a message in pieces that are still part of another one, so that each
// byte is copied once, however deep it stands.
type rope struct {
	pieces [][]byte
	size   int
}

func (r *rope) add(piece []byte) {
	r.pieces = append(r.pieces, piece)
	r.size += len(piece)
}

func (r *rope) addAll(other rope) {
	r.pieces = append(r.pieces, other.pieces...)
	r.size += other.size
}

// pack cuts a message into ones of at most limit bytes where it has more than
// one of what stands at the end of the path.
func pack(b []byte, limit int, path ...protowire.Number) []rope {
	var rest rope // what every part has
	found := 0
	ok := eachField(b, func(num protowire.Number, typ protowire.Type, whole, _ []byte) {
		if num != path[0] || typ != protowire.BytesType {
			rest.add(whole)
		} else {
			found++
		}
	})
	if !ok || found == 0 {
		return []rope{{[][]byte{b}, len(b)}}
	}
	room := limit - rest.size
	fields := make([]rope, 0, found) // with their tags
	eachField(b, func(num protowire.Number, typ protowire.Type, whole, value []byte) {
		switch {
		case num != path[0] || typ != protowire.BytesType:
		case len(whole) > room && len(path) > 1:
			for _, inner := range pack(value, max(room-maxTag, 1), path[1:]...) {
				var field rope
				field.add(protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.BytesType), uint64(inner.size))) //nolint:gosec // a length
				field.addAll(inner)
				fields = append(fields, field)
			}
		default:
			fields = append(fields, rope{[][]byte{whole}, len(whole)})
		}
	})
	var parts []rope
	for i, f := range fields {
		if i == 0 || parts[len(parts)-1].size+f.size > limit {
			parts = append(parts, rope{slices.Clone(rest.pieces), rest.size})
		}
		parts[len(parts)-1].addAll(f)
	}
	return parts
}

// maxTag is the longest tag and length that stand before a field here, in bytes.
const maxTag = 1 + 5
