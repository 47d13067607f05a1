package fakellm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// googleRequest is what the stand-in for Google reads of a request to generate.
type googleRequest struct {
	Contents          []googleContent `json:"contents"`
	SystemInstruction googleContent   `json:"systemInstruction"`
	CachedContent     string          `json:"cachedContent"`
	Tools             []struct {
		FunctionDeclarations []struct {
			Name                 string          `json:"name"`
			Parameters           obj             `json:"parameters"`
			ParametersJSONSchema json.RawMessage `json:"parametersJsonSchema"`
		} `json:"functionDeclarations"`
		CodeExecution *obj `json:"codeExecution"`
	} `json:"tools"`
	GenerationConfig struct {
		CandidateCount     int             `json:"candidateCount"`
		MaxOutputTokens    int             `json:"maxOutputTokens"`
		ResponseMimeType   string          `json:"responseMimeType"`
		ResponseSchema     obj             `json:"responseSchema"`
		ResponseJSONSchema json.RawMessage `json:"responseJsonSchema"`
		ThinkingConfig     struct {
			IncludeThoughts bool   `json:"includeThoughts"`
			ThinkingLevel   string `json:"thinkingLevel"`
		} `json:"thinkingConfig"`
	} `json:"generationConfig"`
}

type googleContent struct {
	Role  string `json:"role"`
	Parts []struct {
		Text             string `json:"text"`
		InlineData       *obj   `json:"inlineData"`
		FunctionResponse *struct {
			Response json.RawMessage `json:"response"`
		} `json:"functionResponse"`
	} `json:"parts"`
}

func (c googleContent) text() string {
	var all []string
	for _, p := range c.Parts {
		if p.Text != "" {
			all = append(all, p.Text)
		}
	}
	return strings.Join(all, "\n")
}

// googleVerbs are what models can be asked for, as paths end: .../models/M:verb.
var googleVerbs = map[string]func(x *exchange, model string){
	"generateContent":       func(x *exchange, model string) { x.generate(model, false) },
	"streamGenerateContent": func(x *exchange, model string) { x.generate(model, true) },
	"embedContent":          (*exchange).embedContent,
	"batchEmbedContents":    (*exchange).batchEmbedContents,
	"predict":               (*exchange).predict,
}

// googleCall returns the model and the verb of a path, "" where it has none.
func googleCall(path string) (model, verb string) {
	last := path[strings.LastIndexByte(path, '/')+1:]
	model, verb, _ = strings.Cut(last, ":")
	return model, verb
}

// googleAnswers returns what answers at one of Google's paths, or nil.
func googleAnswers(path string) func(x *exchange, model string) {
	if strings.HasSuffix(path, "/interactions") {
		return func(x *exchange, _ string) { x.interaction() }
	}
	_, verb := googleCall(path)
	return googleVerbs[verb]
}

// google answers a call at one of Google's paths.
func (x *exchange) google(path string) {
	head := x.w.Header()
	head.Del("Openai-Version")
	head.Del("Openai-Processing-Ms")
	model, _ := googleCall(path)
	if x.googleObeys(model) {
		googleAnswers(path)(x, model)
	}
}

// googleObeys obeys the orders that need no answer. It reports whether the call
// is still to be answered.
func (x *exchange) googleObeys(model string) bool {
	x.order = model
	if order := x.r.Header.Get(OrderHeader); order != "" {
		x.order = order
	}
	if e, ok := ordered[x.order]; ok {
		googleError(x.w, e)
		return false
	}
	return !x.refuse()
}

// googleStatuses are the names of what goes wrong: google.rpc.Code.
var googleStatuses = map[int]string{
	400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
	429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}

func googleErrorObject(e apiError) obj {
	return obj{"error": obj{"code": e.status, "message": e.message, "status": googleStatuses[e.status]}}
}

func googleError(w http.ResponseWriter, e apiError) {
	data, err := json.Marshal(googleErrorObject(e))
	if err != nil {
		panic(err) // maps of strings
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(e.status)
	_, _ = w.Write(data) // a client that has left is no error
}

// googleBody decodes the body, and reports whether that is to be answered.
func (x *exchange) googleBody(v any) bool {
	if err := json.Unmarshal(x.body, v); err != nil {
		googleError(x.w, apiError{status: 400, message: "Invalid JSON payload received. " + err.Error()})
		return false
	}
	return true
}

// lowered is one of Google's schemas, whose types are in capitals, as JSON's.
func lowered(v any) any {
	switch v := v.(type) {
	case obj:
		out := obj{}
		for k, e := range v {
			if s, ok := e.(string); ok && k == "type" {
				e = strings.ToLower(s)
			}
			out[k] = lowered(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = lowered(v[i])
		}
		return out
	}
	return v
}

// schemaOf is the one of two ways to write a schema that was used.
func schemaOf(google obj, standard json.RawMessage) json.RawMessage {
	if google == nil {
		return standard
	}
	data, err := json.Marshal(lowered(google))
	if err != nil {
		panic(err) // decoded from JSON
	}
	return data
}

// prompt counts what was asked in tokens; media is the part of total that is
// images and the like.
func (q *googleRequest) prompt() (total, media int) {
	total = tokens(q.SystemInstruction.text())
	for _, c := range q.Contents {
		for _, p := range c.Parts {
			total += 1 + tokens(p.Text)
			if p.InlineData != nil {
				media += imageTokens
			}
		}
	}
	return total + media, media
}

// googleParts are the parts that candidate i answers with, and its reason.
func (x *exchange) googleParts(q *googleRequest, i int) (parts []obj, reason string, spent int) {
	reason = "STOP"
	var fns []function
	code := false
	for _, t := range q.Tools {
		code = code || t.CodeExecution != nil
		for _, f := range t.FunctionDeclarations {
			fns = append(fns, function{f.Name, schemaOf(f.Parameters, f.ParametersJSONSchema)})
		}
	}
	last, result := googleContent{}, ""
	if n := len(q.Contents); n > 0 {
		last = q.Contents[n-1]
	}
	for _, p := range last.Parts {
		if p.FunctionResponse != nil {
			result += string(p.FunctionResponse.Response)
		}
	}
	if q.GenerationConfig.ThinkingConfig.IncludeThoughts {
		parts = append(parts, obj{"text": thoughtText, "thought": true})
	}
	if calls := called(fns, nil, false, result != ""); len(calls) > 0 {
		for n, f := range calls {
			args := sampleJSON(f.Parameters, f.Name)
			spent += 4 + len(args)/4
			parts = append(parts, obj{
				"functionCall":     obj{"id": fmt.Sprintf("%s%02d", x.id[:8], n), "name": f.Name, "args": json.RawMessage(args)},
				"thoughtSignature": "bm8gdGhvdWdodA==",
			})
		}
		return parts, reason, spent
	}
	text := answer(last.text(), i)
	switch c := q.GenerationConfig; {
	case c.ResponseMimeType == "application/json":
		text = sampleJSON(schemaOf(c.ResponseSchema, c.ResponseJSONSchema), "answer")
	case result != "":
		text = "The tool says: " + clip(result, 200)
	case code:
		parts = append(parts, obj{"executableCode": obj{"language": "PYTHON", "code": "print(1)", "id": x.id[:8]}}, obj{"codeExecutionResult": obj{"outcome": "OUTCOME_OK", "output": "1\n", "id": x.id[:8]}})
	}
	p := pieces(text)
	if limit := q.GenerationConfig.MaxOutputTokens; limit > 0 && len(p) > limit {
		p, reason = p[:limit], "MAX_TOKENS"
	}
	if x.order == "filter" {
		p, reason = p[:len(p)/2], "SAFETY"
	}
	return append(parts, obj{"text": strings.Join(p, "")}), reason, len(p)
}

// generate answers generateContent and streamGenerateContent.
func (x *exchange) generate(model string, streamed bool) {
	var q googleRequest
	if !x.googleBody(&q) {
		return
	}
	if len(q.Contents) == 0 {
		googleError(x.w, apiError{status: 400, message: "* GenerateContentRequest.contents: contents is not specified\n"})
		return
	}
	input, media := q.prompt()
	usage := obj{"promptTokenCount": input, "totalTokenCount": input, "promptTokensDetails": []any{obj{"modality": "TEXT", "tokenCount": input - media}}}
	if media > 0 {
		usage["promptTokensDetails"] = []any{obj{"modality": "TEXT", "tokenCount": input - media}, obj{"modality": "IMAGE", "tokenCount": media}}
	}
	if n := cached(input, q.CachedContent); n > 0 {
		usage["cachedContentTokenCount"] = n
	}
	base := func() obj {
		return obj{"modelVersion": model + "-001", "responseId": x.id[:22], "usageMetadata": usage}
	}
	if x.order == "refusal" {
		o := base()
		o["promptFeedback"] = obj{"blockReason": "PROHIBITED_CONTENT"}
		x.googleAnswer([]any{o}, streamed)
		return
	}
	thoughts := thinks(model, strings.ToLower(q.GenerationConfig.ThinkingConfig.ThinkingLevel))
	output := 0
	var whole, events []any
	for i := range max(1, min(q.GenerationConfig.CandidateCount, 8)) {
		parts, reason, spent := x.googleParts(&q, i)
		output += spent
		candidate := func(parts []obj, reason string) obj {
			c := obj{"content": obj{"role": "model", "parts": parts}, "index": i}
			if reason != "" {
				c["finishReason"] = reason
			}
			return c
		}
		whole = append(whole, candidate(parts, reason))
		for _, p := range parts {
			for _, piece := range googlePieces(p) {
				o := base()
				o["candidates"] = []any{candidate([]obj{piece}, "")}
				events = append(events, o)
			}
		}
		o := base()
		o["candidates"] = []any{candidate([]obj{{"text": ""}}, reason)}
		events = append(events, o)
	}
	total := obj{}
	for k, v := range usage {
		total[k] = v
	}
	total["candidatesTokenCount"], total["totalTokenCount"] = output, input+output+thoughts
	if thoughts > 0 {
		total["thoughtsTokenCount"] = thoughts
	}
	if streamed {
		events[len(events)-1].(obj)["usageMetadata"] = total
		x.googleAnswer(events, true)
		return
	}
	o := base()
	o["candidates"], o["usageMetadata"] = whole, total
	x.googleAnswer([]any{o}, false)
}

// googlePieces are a part as a stream brings it: a text word by word.
func googlePieces(part obj) []obj {
	text, ok := part["text"].(string)
	if !ok {
		return []obj{part}
	}
	var out []obj
	for _, s := range pieces(text) {
		p := obj{"text": s}
		if part["thought"] == true {
			p["thought"] = true
		}
		out = append(out, p)
	}
	return out
}

// googleAnswer sends one answer, or a stream: events where those were asked
// for, else an array.
func (x *exchange) googleAnswer(list []any, streamed bool) {
	switch {
	case !streamed:
		x.json(list[0])
	case x.r.URL.Query().Get("alt") == "sse":
		var all []event
		for _, o := range list {
			all = append(all, event{data: o})
		}
		x.stream(all, func() event { return event{data: googleErrorObject(ordered["error-500"])} })
	default:
		x.array(list)
	}
}

// array sends the elements of an array one by one, each flushed, obeying the
// orders that concern streams.
func (x *exchange) array(list []any) {
	x.w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	between := "["
	for n, o := range list {
		switch {
		case n == 1 && x.order == "hang":
			<-x.r.Context().Done()
			return
		case n == failAt && x.order == "error-cut":
			panic(http.ErrAbortHandler)
		case n == failAt && x.order == "error-stream":
			o, list = googleErrorObject(ordered["error-500"]), nil
		}
		if !x.await(n) {
			return
		}
		data, err := json.MarshalIndent(o, "", "  ")
		if err != nil {
			panic(err) // built here, of maps and plain values
		}
		x.write(append([]byte(between), data...))
		between = "\n,\r\n"
		if list == nil {
			break
		}
	}
	x.write([]byte("\n]\n"))
}

// googleVector is the vector of a text, and how many tokens that has.
func googleVector(s string, size int) (values []float32, count int) {
	if size <= 0 {
		size = 768
	}
	return vector(s, min(size, maxDimensions)), tokens(s)
}

type googleEmbedding struct {
	Content              googleContent `json:"content"`
	OutputDimensionality int           `json:"outputDimensionality"`
	Config               struct {
		OutputDimensionality int `json:"outputDimensionality"`
	} `json:"embedContentConfig"` // Vertex AI's
}

func (x *exchange) embedContent(string) {
	var q googleEmbedding
	if !x.googleBody(&q) {
		return
	}
	values, n := googleVector(q.Content.text(), max(q.OutputDimensionality, q.Config.OutputDimensionality))
	x.json(obj{"embedding": obj{"values": values}, "usageMetadata": obj{"promptTokenCount": n, "totalTokenCount": n}})
}

func (x *exchange) batchEmbedContents(string) {
	var q struct {
		Requests []googleEmbedding `json:"requests"`
	}
	if !x.googleBody(&q) {
		return
	}
	list, sum := []any{}, 0
	for _, r := range q.Requests {
		values, n := googleVector(r.Content.text(), r.OutputDimensionality)
		list, sum = append(list, obj{"values": values}), sum+n
	}
	x.json(obj{"embeddings": list, "usageMetadata": obj{"promptTokenCount": sum}})
}

func (x *exchange) predict(string) {
	var q struct {
		Instances []struct {
			Content string `json:"content"`
		} `json:"instances"`
		Parameters struct {
			OutputDimensionality int `json:"outputDimensionality"`
		} `json:"parameters"`
	}
	if !x.googleBody(&q) {
		return
	}
	list, chars := []any{}, 0
	for _, r := range q.Instances {
		values, n := googleVector(r.Content, q.Parameters.OutputDimensionality)
		list = append(list, obj{"embeddings": obj{"values": values, "statistics": obj{"truncated": false, "token_count": n}}})
		chars += len(r.Content)
	}
	x.json(obj{"predictions": list, "metadata": obj{"billableCharacterCount": chars}})
}
