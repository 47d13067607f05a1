package google

import (
	"slices"
	"testing"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/internal/codectest"
)

var families = []codec.Family{Family}

// apis are those of the recordings' index that are read here.
var apis = []string{"generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents", "interactions"}

func TestRecordedExchangesReadAsIndependently(t *testing.T) {
	ours := func(r codectest.Reading) bool {
		return slices.Contains(apis, r.API) || r.ID == "vertex-predict-u-11692d7d9c" // its model embeds
	}
	codectest.Recorded(t, families, ours, nil)
}

func TestGoldenExchanges(t *testing.T) { codectest.RunGoldens(t, families, 4) }
