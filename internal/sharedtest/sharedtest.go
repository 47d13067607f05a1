// Package sharedtest finds the material beside the repository that some tests
// check against: recorded exchanges, published models. It knows where it lies
// and nothing of what it holds.
package sharedtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the path of the shared material. Without it a test is skipped
// on a laptop and fails where CI=true, so that it can't go missing unseen.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := find()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return dir
}

// find looks for the folder beside the module that the test belongs to.
func find() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the test's directory")
		}
		dir = up
	}
	shared := filepath.Join(filepath.Dir(dir), "shared")
	if _, err := os.Stat(shared); err != nil {
		return "", fmt.Errorf("the shared material is needed here: %w", err)
	}
	return shared, nil
}
