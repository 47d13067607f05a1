package cmd

import (
	"runtime/debug"
	"testing"
)

func TestTheBuildIsToldFromWhatIsKnownOfIt(t *testing.T) {
	const commit = "1901f79a5bb84cafe0123456789abcdef0123456"
	checkout := []debug.BuildSetting{{Key: "vcs.revision", Value: commit}, {Key: "vcs.time", Value: "2026-11-23T12:00:00Z"}, {Key: "vcs.modified", Value: "true"}}
	tests := map[string]struct {
		linked build
		info   debug.BuildInfo
		want   string
	}{
		"a release": {
			linked: build{Version: "1.2.3", Commit: "abcdefabcdefabcdef", Date: "2026-01-01T00:00:00Z"},
			info:   debug.BuildInfo{Main: debug.Module{Version: "v1.2.2"}, Settings: checkout},
			want:   "otel-genai 1.2.3 commit abcdefabcdef go1 os/arch",
		},
		"a checkout": {
			info: debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261123120000-1901f79a5bb8+dirty"}, Settings: checkout},
			want: "otel-genai v0.0.0-20261123120000-1901f79a5bb8+dirty commit 1901f79a5bb8+changes go1 os/arch",
		},
		"go install of a version": {
			info: debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}},
			want: "otel-genai v1.2.3 go1 os/arch",
		},
		"go install of a commit": {
			info: debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261123120000-1901f79a5bb8"}},
			want: "otel-genai v0.0.0-20261123120000-1901f79a5bb8 commit 1901f79a5bb8 go1 os/arch",
		},
		"a pre-release": {
			info: debug.BuildInfo{Main: debug.Module{Version: "v1.2.3-rc-1"}},
			want: "otel-genai v1.2.3-rc-1 go1 os/arch",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := tt.linked
			b.Go, b.Platform = "go1", "os/arch"
			b.fill(&tt.info)
			if got := b.line(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
