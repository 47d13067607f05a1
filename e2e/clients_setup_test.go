package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otel-genai/otel-genai/internal/standin"
)

// Each of these makes the programs of one language out of what stands in
// testdata/clients, once for as long as that stays as it is.

// goClient runs a function of the clients in Go, built without cgo.
func goClient(name string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		path, err := filepath.Abs("testdata/clients/go")
		if err != nil {
			t.Fatal(err)
		}
		dir := cache(t, "go-clients", files(t, path), func(dir string) error {
			c := exec.Command("go", "build", "-o", filepath.Join(dir, "clients"), ".")
			c.Dir, c.Env = path, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
			if out, err := c.CombinedOutput(); err != nil {
				return fmt.Errorf("go build: %w\n%s", err, out)
			}
			return nil
		})
		return []string{filepath.Join(dir, "clients"), name}
	}
}

// rustClient runs a crate of testdata/clients/rust.
func rustClient(crate, backend string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		path := absolute(t, "testdata/clients/rust/"+crate)
		dir := cache(t, "rust-"+crate, files(t, path), func(dir string) error {
			target := filepath.Join(dir, "target")
			err := do(path, "cargo", "build", "--quiet", "--locked", "--target-dir", target)
			if err != nil {
				return err
			}
			// What it was made from is hundreds of times as large.
			return errors.Join(os.Rename(filepath.Join(target, "debug", crate+"-clients"), filepath.Join(dir, "clients")), os.RemoveAll(target))
		})
		return []string{filepath.Join(dir, "clients"), backend}
	}
}

// javaModules are those of the virtual machine that the clients need.
const javaModules = "java.base,java.net.http,java.logging,java.sql,java.naming,java.management,jdk.crypto.ec,jdk.unsupported"

// java is a folder with the clients in Java, their libraries and a virtual
// machine.
func java(t *testing.T) string {
	t.Helper()
	path := absolute(t, "testdata/clients/java")
	return cache(t, "java-clients", files(t, path), func(dir string) error {
		lib := filepath.Join(dir, "lib")
		if err := do(path, "mvn", "--quiet", "--batch-mode", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies", "-DoutputDirectory="+lib); err != nil {
			return err
		}
		return errors.Join(
			do(path, "javac", "-cp", filepath.Join(lib, "*"), "-d", filepath.Join(dir, "classes"), "Clients.java"),
			do(path, "jlink", "--add-modules", javaModules, "--strip-java-debug-attributes", "--no-header-files", "--no-man-pages", "--output", filepath.Join(dir, "jre")),
		)
	})
}

// javaClient runs a function of the clients in Java on the user's own virtual
// machine.
func javaClient(name string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		dir := java(t)
		classes := filepath.Join(dir, "classes") + string(os.PathListSeparator) + filepath.Join(dir, "lib", "*")
		return []string{filepath.Join("OWN", "bin", "java"), "-cp", classes, "Clients", name}
	}
}

// javaHome is a Java that a user has set up to use their proxy and to trust
// their authority: no variable says either to a virtual machine, and options of
// the user's own would win over ours.
func javaHome(t *testing.T, p *standin.Providers) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "java")
	if err := os.CopyFS(home, os.DirFS(filepath.Join(java(t), "jre"))); err != nil {
		t.Fatal(err)
	}
	proxy, err := url.Parse(p.ProxyURL)
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf("https.proxyHost=%s\nhttps.proxyPort=%s\n", proxy.Hostname(), proxy.Port())
	store := filepath.Join(home, "lib", "security", "cacerts")
	if err := errors.Join(
		os.WriteFile(filepath.Join(home, "conf", "net.properties"), []byte(settings), 0o600),
		os.Remove(store),
		// A machine reads its own store without a password, which this kind allows.
		do(home, "keytool", "-importcert", "-noprompt", "-alias", "user", "-file", p.CAFile, "-keystore", store, "-storetype", "JKS", "-storepass", "changeit"),
	); err != nil {
		t.Fatal(err)
	}
	return home
}

// files are all files under dir.
func files(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
