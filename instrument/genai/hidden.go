package genai

import "slices"

// Hide notes credentials that the request carried. They are no part of the
// record: whoever keeps or sends it takes them out of every text first, as
// redact.Observer does, since providers repeat keys in what they answer.
func (in *Inference) Hide(secrets ...string) {
	if len(secrets) > 0 {
		in.hidden = append(slices.Clip(in.hidden), secrets...)
	}
}

// Hidden returns the credentials that [Inference.Hide] noted.
func (in *Inference) Hidden() []string { return in.hidden }
