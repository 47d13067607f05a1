package codectest

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Page fails where a page of the documentation is not what a test makes it, or
// writes it with -update; command is how to do that.
func Page(t *testing.T, path, page, command string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil { //nolint:gosec // a page for all
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path) //nolint:gosec // the documentation
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), page); diff != "" {
		t.Errorf("%s is stale: %s\n%s", path, command, diff)
	}
}
