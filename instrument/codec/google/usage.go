package google

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
)

// Rows of both spellings.
var (
	countRows  = bothWays(counts)
	detailRows = bothWays(details)
)

// readUsage reads token counts over what was read of them before, which is kept
// in have as the API counts. By the conventions Output includes thoughts.
func readUsage(in *genai.Inference, have *genai.Usage, v gjson.Result) {
	if !v.IsObject() {
		return
	}
	codec.Range(v, func(k, v gjson.Result) bool {
		if at, ok := countRows[k.Str]; ok {
			if n, ok := codec.Whole(v); ok && n >= 0 {
				*at(have) = &n
			}
		} else if d, ok := detailRows[k.Str]; ok {
			d.read(in, have, v)
		} else if k.Str == "serviceTier" || k.Str == "service_tier" {
			set(&in.Response.ServiceTier, codec.Word(v))
		}
		return true
	})
	in.Usage = *have
	if have.Reasoning != nil {
		sum := *have.Reasoning
		if have.Output != nil {
			sum += *have.Output
		}
		in.Usage.Output = &sum
	}
}

// read reads one list of counts by modality.
func (d perModality) read(in *genai.Inference, to *genai.Usage, list gjson.Result) {
	var now genai.Usage
	codec.Each(in, list, func(e gjson.Result) {
		at := d.place(enum(e.Get("modality"), modalityNumbers))
		n, ok := tokens(e)
		if at == nil || !ok || n < 0 {
			return
		}
		if had := *at(&now); had != nil {
			n += *had
		}
		*at(&now) = &n
		*at(to) = &n
	})
}

func tokens(e gjson.Result) (int64, bool) {
	for _, name := range []string{"tokenCount", "token_count", "tokens"} { // the last is an interaction's
		if n, ok := codec.Whole(e.Get(name)); ok {
			return n, true
		}
	}
	return 0, false
}

func (d perModality) place(modality string) func(*genai.Usage) **int64 {
	switch {
	case strings.EqualFold(modality, "TEXT"):
		return d.text
	case strings.EqualFold(modality, "AUDIO"):
		return d.audio
	case strings.EqualFold(modality, "IMAGE"):
		return d.image
	}
	return nil
}
