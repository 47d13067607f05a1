package cmd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// released, releasedCommit and releasedDate are set by the linker for a
// release; see [version] and [readBuild].
var released, releasedCommit, releasedDate string

// version is our own: a release's, the module's where `go install` built us,
// else the commit that was built.
func version() string { return readBuild().Version }

// build is what we know of the binary that runs. What is not known is empty.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`   // the full hash
	Date     string `json:"date,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // built from more than the commit
	Go       string `json:"go"`
	Platform string `json:"platform"` // "linux/amd64"
}

// readBuild asks the linker's variables first, and then what Go itself wrote
// into the binary: the commit where it was built from a checkout, the version
// alone where `go install` fetched the module.
func readBuild() build {
	b := build{
		Version: released, Commit: releasedCommit, Date: releasedDate,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.fill(info)
	}
	b.Version = cmp.Or(b.Version, "(devel)")
	return b
}

func (b *build) fill(info *debug.BuildInfo) {
	b.Version = cmp.Or(b.Version, info.Main.Version)
	if b.Commit != "" {
		return // a release; its commit and date belong together
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	if b.Commit != "" {
		return
	}
	// A pseudo-version ends with the first letters of the commit.
	if parts := strings.Split(b.Version, "-"); len(parts) >= 3 {
		if last, _, _ := strings.Cut(parts[len(parts)-1], "+"); len(last) == 12 {
			b.Commit = last
		}
	}
}

// line is the build for people, in one line.
func (b build) line() string {
	words := []string{"otel-genai", b.Version}
	if b.Commit != "" {
		commit := b.Commit[:min(12, len(b.Commit))]
		if b.Modified {
			commit += "+changes"
		}
		words = append(words, "commit", commit)
	}
	return strings.Join(append(words, b.Go, b.Platform), " ")
}

func (m *program) versionCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "version",
		Short: "print the version, the commit it was built from, and Go's",
		Args:  m.noArgs("version"),
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			switch format {
			case "text":
				_, err := fmt.Fprintln(m.stdout, b.line())
				return err
			case "json":
				return json.NewEncoder(m.stdout).Encode(b)
			}
			return usage("--format can't be "+printable(format), "write --format text or --format json")
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text or json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}
