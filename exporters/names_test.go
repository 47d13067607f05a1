package exporters

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		signal, value string
		want          []string
	}{
		{"traces", "", []string{"otlp"}},
		{"traces", " , ", []string{"otlp"}},
		{"traces", "console,otlp", []string{"console", "otlp"}},
		{"logs", " Console , OTLP,", []string{"console", "otlp"}},
		{"logs", "otlp,otlp,console,otlp", []string{"otlp", "console"}},
		{"traces", "none", []string{"none"}},
		{"traces", "none,NONE", []string{"none"}},
		{"logs", "otlp_proto_http", []string{"otlp_proto_http"}},
		{"metrics", "otlp_proto_grpc,otlp", []string{"otlp_proto_grpc"}},
		{"metrics", "prometheus,otlp_file", []string{"prometheus", "otlp_file"}},
		{"traces", "logging,console", []string{"console"}},
	}
	for _, tt := range tests {
		t.Run(tt.signal+"="+tt.value, func(t *testing.T) {
			got, err := Parse(tt.signal, tt.value)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for signal, values := range map[string][]string{
		"traces":  {"foo", "zipkin", "console,foo", "none,console", "prometheus", "otlp_proto_http,otlp_proto_grpc"},
		"metrics": {"jaeger", "none,prometheus"},
	} {
		for _, value := range values {
			_, err := Parse(signal, value)
			var e *Error
			if !errors.As(err, &e) || e.Hint == "" {
				t.Errorf("%s=%s: got %v, want an *Error with a hint", signal, value, err)
				continue
			}
			if !strings.Contains(err.Error(), "console, otlp, otlp_file") {
				t.Errorf("%s=%s: %q does not say what is allowed", signal, value, err)
			}
			if has := strings.Contains(err.Error(), "prometheus"); has != (signal == "metrics" || value == "prometheus") {
				t.Errorf("%s=%s: %q", signal, value, err)
			}
		}
	}
}
