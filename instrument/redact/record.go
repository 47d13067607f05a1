package redact

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// maxWord is the length from which a word, such as an identifier, may have been
// cut by a codec without a mark: they keep 512 bytes, a torn character less.
const maxWord = 509

// The methods below make a redacted copy of a part of a record and report
// whether it differs. What is given is never altered, since others read it too.

func (p *pass) word(s *string) (changed bool) {
	out := p.text(*s, len(*s) >= maxWord)
	changed = out != *s
	*s = out
	return changed
}

func (p *pass) words(list []string) []string {
	out, _ := each(list, p.word)
	return out
}

func (p *pass) open(s *string, open bool) (changed bool) {
	out := p.text(*s, open)
	changed = out != *s
	*s = out
	return changed
}

func (p *pass) value(raw *json.RawMessage) (changed bool) {
	if len(*raw) == 0 {
		return false
	}
	out := p.json(*raw, false)
	changed = &out[0] != &(*raw)[0]
	*raw = out
	return changed
}

// each is list with f applied to a copy of every element; list itself where
// nothing changed.
func each[T any](list []T, f func(*T) bool) (out []T, changed bool) {
	for i := range list {
		v := list[i]
		if !f(&v) {
			continue
		}
		if !changed {
			out, changed = slices.Clone(list), true
		}
		out[i] = v
	}
	if !changed {
		return list, false
	}
	return out, true
}

// state says what of an output may still go on, or went on unseen.
type state uint8

const (
	whole   state = iota
	torn          // it ended before its end: what may be half a match goes, with a mark
	growing       // more will come: what may be half a match waits
)

func (p *pass) part(in *genai.Part, s state) (changed bool) {
	if in.Type == genai.BlobPart { // base64, in which words are not found; a credential might be
		in.Text, changed = p.credentials(in.Text)
	} else {
		changed = p.end(&in.Text, s)
	}
	kind := string(in.Type)
	for _, field := range []*string{&in.ID, &in.Name, &in.Modality, &in.MIME, &in.FileID, &kind} {
		changed = p.word(field) || changed
	}
	in.Type = genai.PartType(kind)
	changed = p.open(&in.URI, false) || changed
	changed = p.arguments(&in.Args, s) || changed
	for _, field := range []*json.RawMessage{&in.Result, &in.Raw} {
		changed = p.value(field) || changed
	}
	return changed
}

// end redacts a text of an output.
func (p *pass) end(text *string, s state) (changed bool) {
	if s != torn {
		return p.open(text, s == growing)
	}
	if *text == "" || p.reach == 0 && len(p.hidden) == 0 {
		return false
	}
	given := *text
	if strings.HasSuffix(given, genai.Mark) {
		return p.open(text, false)
	}
	// As it would be had it been cut by us.
	if out := p.text(given+genai.Mark, false); out != given+genai.Mark {
		*text = out
	}
	return *text != given
}

// arguments redacts a tool call's arguments. As long as they grow they are left
// out unless they are whole: half of a JSON text is not told apart from half of
// a match in it.
func (p *pass) arguments(raw *json.RawMessage, s state) (changed bool) {
	if len(*raw) == 0 {
		return false
	}
	partial := (*raw)[0] != '{' && (*raw)[0] != '['
	switch {
	case s == growing && partial && !p.idle():
		*raw = nil
		return true
	case s == torn && partial && (*raw)[0] == '"':
		text := unquote(*raw)
		if p.end(&text, s) {
			*raw = quote(text)
			return true
		}
		return false
	}
	return p.value(raw)
}

// credentials is s without the credentials that are known, and nothing else.
func (p *pass) credentials(s string) (string, bool) {
	if len(p.hidden) == 0 || s == "" {
		return s, false
	}
	only := pass{hidden: p.hidden}
	out := only.text(s, false)
	return out, out != s
}

func (p *pass) parts(list []genai.Part, s state) ([]genai.Part, bool) {
	return each(list, func(in *genai.Part) bool { return p.part(in, s) })
}

func (p *pass) messages(list []genai.Message, s state) []genai.Message {
	out, _ := each(list, func(in *genai.Message) (changed bool) {
		in.Parts, changed = p.parts(in.Parts, s)
		for _, field := range []*string{&in.Role, &in.Name, &in.FinishReason} {
			changed = p.word(field) || changed
		}
		return changed
	})
	return out
}

func (p *pass) tools(list []genai.Tool) []genai.Tool {
	out, _ := each(list, func(in *genai.Tool) bool {
		changed := p.open(&in.Description, false)
		for _, field := range []*string{&in.Type, &in.Name} {
			changed = p.word(field) || changed
		}
		return p.value(&in.Parameters) || changed
	})
	return out
}

func (p *pass) extra(list []genai.Attr) []genai.Attr {
	out, _ := each(list, func(in *genai.Attr) (changed bool) {
		switch v := in.Value.(type) {
		case string:
			if changed = p.word(&v); changed {
				in.Value = v
			}
		case []string:
			var out []string
			if out, changed = each(v, p.word); changed {
				in.Value = out
			}
		}
		return changed
	})
	return out
}

// facts redacts what of a record is there without content. Where the call went
// and which of our own words describe it is not the wire's to say.
func (p *pass) facts(in *genai.Inference) {
	q, r := &in.Request, &in.Response
	for _, field := range []*string{
		&q.Model, &q.OutputType, &q.ReasoningLevel, &q.PreviousResponseID, &q.ServiceTier,
		&r.ID, &r.Model, &r.Status, &r.ServiceTier, &r.SystemFingerprint, &in.ConversationID,
	} {
		p.word(field)
	}
	q.StopSequences, q.EncodingFormats = p.words(q.StopSequences), p.words(q.EncodingFormats)
	r.FinishReasons = p.words(r.FinishReasons)
	in.Extra = p.extra(in.Extra)
	if in.Error != nil {
		e := *in.Error
		strict := p.errors()
		strict.word(&e.Type)
		strict.open(&e.Message, false)
		in.Error = &e
	}
}
