package semconv

import (
	"math"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// What a provider or a program can put into an attribute is bounded: words in
// bytes, lists in items.
const (
	maxWord    = 1 << 10
	maxMessage = 4 << 10
	maxItems   = 128
	maxExtra   = 32
)

type keyValue = attribute.KeyValue

// list is attributes that grow by facts that are there: each method leaves the
// attribute out when its value says nothing.
type list []keyValue

func (l list) text(k attribute.Key, s string) list {
	if s == "" {
		return l
	}
	return append(l, k.String(clean(s, maxWord)))
}

func (l list) count(k attribute.Key, n *int64) list {
	if n == nil || *n < 0 {
		return l
	}
	return append(l, k.Int64(*n))
}

func (l list) float(k attribute.Key, f *float64) list {
	if f == nil || math.IsNaN(*f) || math.IsInf(*f, 0) {
		return l
	}
	return append(l, k.Float64(*f))
}

func (l list) texts(k attribute.Key, ss []string) list {
	if len(ss) == 0 {
		return l
	}
	out := make([]string, 0, min(len(ss), maxItems))
	for _, s := range ss[:min(len(ss), maxItems)] {
		out = append(out, clean(s, maxWord))
	}
	return append(l, k.StringSlice(out))
}

// clean makes s fit for any exporter: valid UTF-8, because one string that is
// not makes protobuf refuse the whole batch, and at most n bytes plus a mark.
func clean(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + genai.Mark
	}
	return valid(s)
}

func spanName(in *genai.Inference) string {
	if in.Request.Model == "" {
		return string(in.Operation)
	}
	return string(in.Operation) + " " + clean(in.Request.Model, maxWord)
}

// startAttributes are those that may decide whether the call is sampled.
func startAttributes(in *genai.Inference) []keyValue {
	l := make(list, 0, 5).
		text(keyOperationName, string(in.Operation)).
		text(keyProviderName, in.Provider).
		text(keyRequestModel, in.Request.Model)
	return l.server(in.Server)
}

func (l list) server(s genai.Server) list {
	if s.Address == "" {
		return l
	}
	l = l.text(keyServerAddress, s.Address)
	if s.Port > 0 {
		l = append(l, keyServerPort.Int(s.Port))
	}
	return l
}

// callAttributes are those that are known at the call's end, for the span and
// for the details event; those of the start are not repeated.
func callAttributes(in *genai.Inference, start time.Time) []keyValue {
	l := make(list, 0, 40).extra(in.Extra)
	if in.Operation == genai.Embeddings {
		l = l.embeddings(in)
	} else {
		l = l.request(in).response(in, start).usage(&in.Usage)
	}
	if in.Error != nil {
		l = append(l, keyErrorType.String(errorType(in.Error)))
	}
	if len(in.Cuts) > 0 {
		cuts := make([]string, len(in.Cuts))
		for i, c := range in.Cuts {
			cuts[i] = string(c)
		}
		l = l.texts(keyCuts, cuts)
	}
	return l
}

func (l list) embeddings(in *genai.Inference) list {
	return l.
		count(keyEmbeddingsDimensions, in.Request.Dimensions).
		texts(keyRequestEncodingFormats, in.Request.EncodingFormats).
		text(keyResponseModel, in.Response.Model).
		count(keyUsageInput, in.Usage.Input)
}

func (l list) request(in *genai.Inference) list {
	r := &in.Request
	if r.Stream {
		l = append(l, keyRequestStream.Bool(true))
	}
	if r.ChoiceCount != nil && *r.ChoiceCount != 1 {
		l = l.count(keyRequestChoiceCount, r.ChoiceCount)
	}
	if r.Seed != nil { // a seed may be negative
		l = append(l, keyRequestSeed.Int64(*r.Seed))
	}
	l = l.
		count(keyRequestMaxTokens, r.MaxTokens).
		float(keyRequestTemperature, r.Temperature).
		float(keyRequestTopP, r.TopP).
		float(keyRequestTopK, r.TopK).
		float(keyRequestFrequencyPenalty, r.FrequencyPenalty).
		float(keyRequestPresencePenalty, r.PresencePenalty).
		texts(keyRequestStopSequences, r.StopSequences).
		text(keyOutputType, r.OutputType).
		text(keyRequestReasoningLevel, r.ReasoningLevel).
		text(keyRequestPreviousResponseID, r.PreviousResponseID).
		text(keyConversationID, in.ConversationID)
	if !speaksOpenAI(in) {
		return l
	}
	if in.API == apiChatCompletions || in.API == apiResponses { // the convention has no word for the others
		l = l.text(keyOpenAIAPIType, in.API)
	}
	if r.ServiceTier != tierAuto {
		l = l.text(keyOpenAIRequestServiceTier, r.ServiceTier)
	}
	return l
}

func (l list) response(in *genai.Inference, start time.Time) list {
	r := &in.Response
	l = l.
		text(keyResponseID, r.ID).
		text(keyResponseModel, r.Model).
		texts(keyResponseFinishReasons, r.FinishReasons)
	if in.Request.Stream && !in.Timing.FirstChunk.IsZero() {
		l = append(l, keyResponseTimeToFirstChunk.Float64(firstChunkSeconds(in, start)))
	}
	if speaksOpenAI(in) {
		l = l.text(keyOpenAIServiceTier, r.ServiceTier).text(keyOpenAISystemFingerprint, r.SystemFingerprint)
	}
	return l
}

func (l list) usage(u *genai.Usage) list {
	return l.
		count(keyUsageInput, u.Input).
		count(keyUsageOutput, u.Output).
		count(keyUsageCacheRead, u.CacheRead).
		count(keyUsageCacheCreation, u.CacheCreation).
		count(keyUsageReasoning, u.Reasoning).
		count(keyUsageTextInput, u.InputText).
		count(keyUsageAudioInput, u.InputAudio).
		count(keyUsageImageInput, u.InputImage).
		count(keyUsageTextOutput, u.OutputText).
		count(keyUsageAudioOutput, u.OutputAudio).
		count(keyUsageImageOutput, u.OutputImage).
		count(keyUsageTextCacheRead, u.CacheReadText).
		count(keyUsageAudioCacheRead, u.CacheReadAudio).
		count(keyUsageImageCacheRead, u.CacheReadImage)
}

// extra appends what the codec says in convention names of its own. It comes
// first, so that our own attributes win where a name is given twice.
func (l list) extra(attrs []genai.Attr) list {
	for _, a := range attrs[:min(len(attrs), maxExtra)] {
		k := attribute.Key(a.Key)
		if k == "" {
			continue
		}
		switch v := a.Value.(type) {
		case string:
			l = l.text(k, v)
		case int64:
			l = append(l, k.Int64(v))
		case float64:
			l = l.float(k, &v)
		case bool:
			l = append(l, k.Bool(v))
		case []string:
			l = l.texts(k, v)
		}
	}
	return l
}

// metricAttributes are those of all metrics: few in their values.
func metricAttributes(in *genai.Inference) list {
	return make(list, 0, 10).
		text(keyOperationName, string(in.Operation)).
		text(keyProviderName, in.Provider).
		text(keyRequestModel, in.Request.Model).
		text(keyResponseModel, in.Response.Model).
		server(in.Server)
}

// openAIMetricAttributes adds what the OpenAI conventions add to the duration
// and token metrics, and to those only: the chunk metrics of one call are
// recorded while the tier may still change from the one asked for to the one used.
func openAIMetricAttributes(l list, in *genai.Inference) list {
	if !speaksOpenAI(in) || in.Operation == genai.Embeddings {
		return l
	}
	return l.text(keyOpenAIServiceTier, in.Response.ServiceTier).
		text(keyOpenAISystemFingerprint, in.Response.SystemFingerprint)
}

// speaksOpenAI reports whether openai.* attributes belong to the call: others
// that speak the protocol keep their own provider name and get none.
func speaksOpenAI(in *genai.Inference) bool {
	return in.Provider == providerOpenAI || in.Provider == providerAzureOpenAI
}

func errorType(e *genai.Error) string {
	if e.Type == "" {
		return genai.ErrOther
	}
	return clean(e.Type, maxWord)
}

func firstChunkSeconds(in *genai.Inference, start time.Time) float64 {
	return max(in.Timing.FirstChunk.Sub(start), 0).Seconds()
}
