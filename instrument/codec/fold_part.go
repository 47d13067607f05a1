package codec

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/otel-genai/otel-genai/instrument/genai"
)

// TextPart is s as a text part.
func TextPart(in *genai.Inference, s string) genai.Part {
	return genai.Part{Type: genai.TextPart, Text: Text(in, s)}
}

// Blob is a part for inline media: its size always, its data where it fits. Of
// data that were shortened as they passed neither is known.
func Blob(in *genai.Inference, modality, mime, data string) genai.Part {
	if strings.HasSuffix(data, genai.Mark) {
		data = ""
	}
	return genai.Part{
		Type: genai.BlobPart, Modality: modality, MIME: Short(mime),
		Size: base64Size(data), Text: strings.Clone(in.Whole(data)),
	}
}

// URL is a part for media by reference; a "data:" URL is inline media.
func URL(in *genai.Inference, modality, u string) genai.Part {
	rest, ok := strings.CutPrefix(u, "data:")
	if !ok {
		return genai.Part{Type: genai.URIPart, Modality: modality, URI: Text(in, u)}
	}
	head, data, _ := strings.Cut(rest, ",")
	mime, _, _ := strings.Cut(head, ";")
	if modality == "" {
		modality = Modality(mime)
	}
	if strings.HasSuffix(head, ";base64") {
		return Blob(in, modality, mime, data)
	}
	return genai.Part{Type: genai.BlobPart, Modality: modality, MIME: Short(mime), Size: int64(len(data))}
}

// File is a part for media that was uploaded before.
func File(modality, id string) genai.Part {
	return genai.Part{Type: genai.FilePart, Modality: modality, FileID: Short(id)}
}

// Unknown is a part of a type that we don't know, as it came.
func Unknown(in *genai.Inference, kind string, v gjson.Result) genai.Part {
	if kind == "" {
		kind = "unknown"
	}
	return genai.Part{Type: genai.PartType(Short(kind)), Raw: JSON(in, v)}
}

// Modality is the general kind of a MIME type: image, audio, video, else document.
func Modality(mime string) string {
	kind, _, _ := strings.Cut(mime, "/")
	for _, known := range []string{"image", "audio", "video"} {
		if kind == known {
			return known // and not a view of mime
		}
	}
	return "document"
}

// base64Size is how many bytes a base64 text stands for, padded or not.
func base64Size(s string) int64 {
	return int64(len(strings.TrimRight(s, "="))) * 3 / 4
}
