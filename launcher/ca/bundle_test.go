package ca

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// someRoot is a certificate as a user's file has it.
func someRoot(t testing.TB) []byte { return example(t).PEM() }

// in reports whether a bundle holds the certificates of text.
func in(bundle, text []byte) bool {
	var have, want Roots
	have.Add(bundle)
	want.Add(text)
	for sum := range want.seen {
		if !have.seen[sum] {
			return false
		}
	}
	return want.Len() > 0
}

// withSystem puts a file, and folders, in the place of the system's.
func withSystem(t testing.TB, files, folders []string) {
	wasFiles, wasFolders := systemFiles, systemFolders
	systemFiles, systemFolders = files, folders
	t.Cleanup(func() { systemFiles, systemFolders = wasFiles, wasFolders })
}

func TestBundleHoldsWhatTheUserTrustsAndOurs(t *testing.T) {
	folder := t.TempDir()
	system, user, more, own := someRoot(t), someRoot(t), someRoot(t), someRoot(t)
	systemFile, userFile := filepath.Join(folder, "system.pem"), filepath.Join(folder, "user.pem")
	userFolder := filepath.Join(folder, "certs")
	if err := os.Mkdir(userFolder, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, systemFile, system)
	write(t, userFile, user)
	write(t, filepath.Join(userFolder, "0a1b2c3d.0"), more)
	withSystem(t, []string{filepath.Join(folder, "missing"), systemFile}, nil)
	mozilla := func() []byte {
		var r Roots
		r.AddMozilla()
		return r.PEM()
	}()

	type holds struct{ system, mozilla, user, more bool }
	tests := []struct {
		name  string
		trust Trust
		want  holds
	}{
		{"nothing set: the system's and Mozilla's", Trust{}, holds{system: true, mozilla: true}},
		{"a file: that alone", Trust{Files: []string{userFile}}, holds{user: true}},
		{"a folder: it adds", Trust{Folders: []string{userFolder}}, holds{system: true, mozilla: true, more: true}},
		{"a file and a folder", Trust{Files: []string{userFile}, Folders: []string{userFolder}}, holds{user: true, more: true}},
		{"a folder that is missing", Trust{Folders: []string{filepath.Join(folder, "missing")}}, holds{system: true, mozilla: true}},
		{"one that adds to the client's own: ours alone", Trust{Additive: true}, holds{}},
		{"one that adds, with a file", Trust{Additive: true, Files: []string{userFile}}, holds{user: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := must(Bundle(tt.trust, own))(t)
			got := holds{in(text, system), in(text, mozilla), in(text, user), in(text, more)}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if !in(text, own) {
				t.Error("ours is missing")
			}
		})
	}
}

func TestNoRootsIsAnErrorOfItsOwn(t *testing.T) {
	withSystem(t, nil, nil)
	var r Roots
	r.AddSystem()
	if r.Len() != 0 {
		t.Fatalf("%d roots from nowhere", r.Len())
	}
	// Mozilla's are always there, so that only a build without them has none.
	if _, err := Bundle(Trust{}, someRoot(t)); err != nil && !errors.Is(err, ErrNoRoots) {
		t.Errorf("got %v", err)
	}
}

func TestSystemsFoldersCountWhereThereIsNoFile(t *testing.T) {
	folder, text := t.TempDir(), someRoot(t)
	write(t, filepath.Join(folder, "a.crt"), text)
	empty := t.TempDir()
	withSystem(t, []string{filepath.Join(empty, "none.pem")}, []string{filepath.Join(empty, "none"), empty, folder})
	var r Roots
	if r.AddSystem(); !in(r.PEM(), text) {
		t.Error("the root in the folder is missing")
	}
}

func TestUsersFileThatCantBeReadIsNamed(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		write(t, path, []byte(text))
		return path
	}
	large := file("large", "")
	if err := os.Truncate(large, maxTrustFile+1); err != nil { // takes no room
		t.Fatal(err)
	}
	root := string(someRoot(t))
	tests := map[string]string{
		"missing":                  filepath.Join(folder, "missing.pem"),
		"empty":                    file("empty", ""),
		"text":                     file("text", "no certificate at all\n"),
		"a certificate cut short":  file("short", root[:len(root)/2]),
		"one that is no base64":    file("broken", "-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n"),
		"a key":                    file("key", strings.ReplaceAll(root, "CERTIFICATE", "PRIVATE KEY")),
		"a folder":                 folder,
		"a file of endless length": large,
	}
	for name, path := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Bundle(Trust{Files: []string{path}}, someRoot(t))
			if err == nil || !strings.Contains(err.Error(), path) || errors.Is(err, ErrNoRoots) {
				t.Errorf("got %v, want an error that names %s", err, path)
			}
		})
	}
}

// A pipe would keep us waiting for who writes to it.
func TestPipesAreNotWaitedFor(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := exec.CommandContext(t.Context(), "mkfifo", pipe).Run(); err != nil {
		if runtime.GOOS == "windows" {
			return
		}
		t.Fatal(err)
	}
	if _, err := Bundle(Trust{Files: []string{pipe}}, someRoot(t)); err == nil {
		t.Error("got a bundle from a pipe, want an error")
	}
	must(Bundle(Trust{Folders: []string{folder}}, someRoot(t)))(t)
}

func TestKeysInTheUsersFileAreLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "both.pem")
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("a secret that nobody shall copy")})
	write(t, path, append(append([]byte("# a comment\n"), secret...), someRoot(t)...))
	text := must(Bundle(Trust{Files: []string{path}}, someRoot(t)))(t)
	if bytes.Contains(text, []byte("PRIVATE")) || bytes.Contains(text, []byte("comment")) {
		t.Errorf("got %s, want certificates alone", text)
	}
}

func TestEachRootIsThereOnce(t *testing.T) {
	a, b := someRoot(t), someRoot(t)
	var r Roots
	for _, text := range [][]byte{a, b, a, append(a, b...), bytes.ReplaceAll(a, []byte("\n"), []byte("\r\n"))} {
		r.Add(text)
	}
	if got := bytes.Count(r.PEM(), []byte("BEGIN CERTIFICATE")); got != 2 || r.Len() != 2 {
		t.Errorf("%d certificates, Len %d, want 2", got, r.Len())
	}
}

func TestMozillasRootsAreThere(t *testing.T) {
	want := 0
	for c := range bundle.Roots() {
		if c.Constraint == nil {
			want++
		}
	}
	var r Roots
	r.AddMozilla()
	if r.Len() != want || want < 50 {
		t.Errorf("%d roots, want %d", r.Len(), want)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(r.PEM()) {
		t.Error("they can't be read")
	}
}

// No key of the authority is on any disk: what is in a run's folder are
// certificates, whatever the file.
func TestNoKeyIsInAnyFile(t *testing.T) {
	a := example(t)
	must(a.Certificate("api.openai.example"))(t)
	d := must(MakeDir(filepath.Join(t.TempDir(), "runs")))(t)
	must(d.Write("roots.pem", must(Bundle(Trust{}, a.PEM()))(t)))(t)
	must(d.Write("store.p12", must(pack(nil, a.PEM(), "secret"))(t)))(t)
	var secrets [][]byte
	for _, key := range []interface{ Bytes() ([]byte, error) }{a.signer, a.leaf} {
		raw := must(key.Bytes())(t)
		secrets = append(secrets, raw, pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: raw})[len("-----BEGIN X-----\n"):][:40])
	}
	err := filepath.WalkDir(filepath.Dir(d.Path()), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, s := range append(secrets, []byte("PRIVATE KEY")) {
			if bytes.Contains(text, s) {
				t.Errorf("%s holds a key", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkBundle(b *testing.B) {
	own := someRoot(b)
	b.ReportAllocs()
	for b.Loop() {
		must(Bundle(Trust{}, own))(b)
	}
}
