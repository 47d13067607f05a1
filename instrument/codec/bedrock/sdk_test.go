package bedrock

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/otel-genai/otel-genai/instrument/codec"
	"github.com/otel-genai/otel-genai/instrument/genai"
	"github.com/otel-genai/otel-genai/internal/codectest"
	"github.com/otel-genai/otel-genai/internal/sharedtest"
)

// facts are what both readers must find.
type facts struct {
	Stop, Text, Reasoning, Error string
	Input, Output                int64
	Calls                        []string
}

func (f *facts) usage(u *types.TokenUsage) {
	if u == nil {
		return
	}
	f.Input = int64(aws.ToInt32(u.InputTokens)) + int64(aws.ToInt32(u.CacheReadInputTokens)) + int64(aws.ToInt32(u.CacheWriteInputTokens))
	f.Output = int64(aws.ToInt32(u.OutputTokens))
}

// answering is a client's way to the network that leads to one answer.
type answering codectest.Exchange

func (x answering) Do(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: x.Status, Header: x.Header, Body: io.NopCloser(bytes.NewReader(x.Response))}, nil
}

func client(x codectest.Exchange) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "us-east-1", HTTPClient: answering(x), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
}

func errorOf(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode()
}

// whole is what AWS's own client makes of Converse's answer.
func whole(t *testing.T, x codectest.Exchange) (f facts) {
	t.Helper()
	out, err := client(x).Converse(t.Context(), &sdk.ConverseInput{ModelId: aws.String("m"), Messages: []types.Message{}})
	if err != nil {
		return facts{Error: errorOf(err)}
	}
	f.Stop = string(out.StopReason)
	f.usage(out.Usage)
	m, ok := out.Output.(*types.ConverseOutputMemberMessage)
	if !ok {
		return f
	}
	for _, b := range m.Value.Content {
		switch b := b.(type) {
		case *types.ContentBlockMemberText:
			f.Text += b.Value
		case *types.ContentBlockMemberCitationsContent:
			for _, c := range b.Value.Content {
				if s, ok := c.(*types.CitationGeneratedContentMemberText); ok {
					f.Text += s.Value
				}
			}
		case *types.ContentBlockMemberReasoningContent:
			if r, ok := b.Value.(*types.ReasoningContentBlockMemberReasoningText); ok {
				f.Reasoning += aws.ToString(r.Value.Text)
			}
		case *types.ContentBlockMemberToolUse:
			raw, err := b.Value.Input.MarshalSmithyDocument()
			if err != nil {
				t.Fatal(err)
			}
			f.Calls = append(f.Calls, aws.ToString(b.Value.ToolUseId)+" "+aws.ToString(b.Value.Name)+" "+canonical(raw))
		}
	}
	return f
}

// streamedTo is the same of ConverseStream's.
func streamedTo(t *testing.T, x codectest.Exchange) (f facts) {
	t.Helper()
	out, err := client(x).ConverseStream(t.Context(), &sdk.ConverseStreamInput{ModelId: aws.String("m"), Messages: []types.Message{}})
	if err != nil {
		return facts{Error: errorOf(err)}
	}
	s := out.GetStream()
	input := ""
	for e := range s.Events() {
		switch e := e.(type) {
		case *types.ConverseStreamOutputMemberContentBlockStart:
			if u, ok := e.Value.Start.(*types.ContentBlockStartMemberToolUse); ok {
				f.Calls = append(f.Calls, aws.ToString(u.Value.ToolUseId)+" "+aws.ToString(u.Value.Name)+" ")
				input = ""
			}
		case *types.ConverseStreamOutputMemberContentBlockDelta:
			switch d := e.Value.Delta.(type) {
			case *types.ContentBlockDeltaMemberText:
				f.Text += d.Value
			case *types.ContentBlockDeltaMemberReasoningContent:
				if r, ok := d.Value.(*types.ReasoningContentBlockDeltaMemberText); ok {
					f.Reasoning += r.Value
				}
			case *types.ContentBlockDeltaMemberToolUse:
				input += aws.ToString(d.Value.Input)
			}
		case *types.ConverseStreamOutputMemberContentBlockStop:
			if n := len(f.Calls); n > 0 && strings.HasSuffix(f.Calls[n-1], " ") {
				f.Calls[n-1] += canonical([]byte(input))
			}
		case *types.ConverseStreamOutputMemberMessageStop:
			f.Stop = string(e.Value.StopReason)
		case *types.ConverseStreamOutputMemberMetadata:
			f.usage(e.Value.Usage)
		}
	}
	f.Error = errorOf(s.Err())
	return f
}

func byUs(in *genai.Inference) (f facts) {
	if in.Error != nil {
		f.Error = in.Error.Type
	}
	f.Stop = strings.Join(in.Response.FinishReasons, ",")
	if u := in.Usage; u.Input != nil && u.Output != nil {
		f.Input, f.Output = *u.Input, *u.Output
	}
	for _, m := range in.Output {
		for _, p := range m.Parts {
			switch p.Type {
			case genai.TextPart:
				f.Text += p.Text
			case genai.ReasoningPart:
				f.Reasoning += p.Text
			case genai.ToolCallPart, genai.ServerToolCallPart:
				f.Calls = append(f.Calls, p.ID+" "+p.Name+" "+canonical(p.Args))
			}
		}
	}
	return f
}

// canonical is JSON whatever its spelling; nothing is an empty object.
func canonical(raw []byte) string {
	var v any = map[string]any{}
	_ = json.Unmarshal(raw, &v)
	out, _ := json.Marshal(v)
	return string(out)
}

func TestConverseReadsAsAWSsOwnClientReadsIt(t *testing.T) {
	all := map[string]codectest.Exchange{}
	for _, name := range codectest.Goldens(t) {
		all[name] = codectest.Golden(t, name)
	}
	for _, r := range sharedtest.Seeds(t) {
		all[r.ID] = codectest.Of(r)
	}
	read := 0
	for name, x := range all {
		_, e := codec.Match(families, x.Call(t))
		if e == nil || !strings.HasPrefix(e.API, "converse") {
			continue
		}
		client := whole
		if e.API == "converse-stream" {
			client = streamedTo
		}
		read++
		t.Run(name, func(t *testing.T) {
			got, want := byUs(codectest.Fold(t, families, x, codectest.KeepAll)), client(t, x)
			if want.Error == "UnknownError" { // the client's word for none
				want.Error = ""
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("-ours +the client's:\n%s", diff)
			}
		})
	}
	if read < 5 {
		t.Errorf("only %d exchanges", read)
	}
}
