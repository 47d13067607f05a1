package fakellm

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
)

type embeddingRequest struct {
	Model          string          `json:"model"`
	Input          json.RawMessage `json:"input"`
	Dimensions     int             `json:"dimensions"`
	EncodingFormat string          `json:"encoding_format"`
}

const (
	defaultDimensions = 1536
	maxDimensions     = 3072
)

func (x *exchange) embeddings() {
	var q embeddingRequest
	if !x.decode(&q, &q.Model) {
		return
	}
	input := texts(q.Input)
	if len(input) == 0 {
		writeError(x.w, apiError{status: 400, kind: "invalid_request_error", param: "input", message: "'$.input' is invalid"})
		return
	}
	size := defaultDimensions
	if q.Dimensions > 0 {
		size = min(q.Dimensions, maxDimensions)
	}
	data, count := []any{}, 0
	for i, s := range input {
		count += tokens(s)
		v := vector(s, size)
		var e any = v
		if q.EncodingFormat == "base64" {
			var raw []byte
			for _, f := range v {
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
			}
			e = base64.StdEncoding.EncodeToString(raw)
		}
		data = append(data, obj{"object": "embedding", "index": i, "embedding": e})
	}
	o := obj{
		"object": "list", "data": data, "model": q.Model,
		"usage": obj{"prompt_tokens": count, "total_tokens": count},
	}
	if x.atMistral() {
		o["id"] = x.id
	}
	x.json(o)
}

// vector is a direction that stands for s: of length one, the same each time,
// and without meaning.
func vector(s string, size int) []float32 {
	seed := uint64(14695981039346656037) // FNV-1a
	for i := range len(s) {
		seed = (seed ^ uint64(s[i])) * 1099511628211
	}
	v, sum := make([]float64, size), 0.0
	for i := range v {
		seed = seed*6364136223846793005 + 1442695040888963407 // Knuth's MMIX generator
		v[i] = float64(int64(seed)>>11) / (1 << 52)
		sum += v[i] * v[i]
	}
	out, length := make([]float32, size), math.Sqrt(sum)
	for i := range v {
		out[i] = float32(v[i] / length)
	}
	return out
}
