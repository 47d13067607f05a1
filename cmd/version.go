package cmd

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// released is set by the linker for a release; see [version].
var released string

// version is our own: a release's, the module's where `go install` built us,
// else the commit that was built.
func version() string {
	if released != "" {
		return released
	}
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func (m *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Args:  m.noArgs("version"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(m.stdout, versionLine())
			return err
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("otel-genai %s %s %s/%s", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
