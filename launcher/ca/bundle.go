package ca

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// ErrNoRoots says that no trusted root was found anywhere: a file with ours
// alone would cut a program off from everybody else.
var ErrNoRoots = errors.New("no trusted root certificates were found on this system")

// Bounds of a file of certificates, Mozilla's whole being 0.2 MB, and of the
// files of a folder, of which systems have some 300.
const (
	maxTrustFile  = 32 << 20
	maxTrustFiles = 10_000
)

// Files and folders in which systems keep their roots, in the order in which
// Go looks for them; the first file that is there counts, and so does the first
// folder where there is no file.
var (
	systemFiles = []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Gentoo
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL 6
		"/etc/ssl/ca-bundle.pem",                            // openSUSE
		"/etc/pki/tls/cacert.pem",                           // OpenELEC
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
		"/etc/ssl/cert.pem",                                 // Alpine, macOS, the BSDs
	}
	systemFolders = []string{"/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs"}
)

// Roots are certificates that somebody trusts, each of them once.
type Roots struct {
	seen map[[sha256.Size]byte]bool
	pem  bytes.Buffer
}

// Len is how many there are.
func (r *Roots) Len() int { return len(r.seen) }

// PEM is all of them, as files of roots have them.
func (r *Roots) PEM() []byte { return bytes.Clone(r.pem.Bytes()) }

// Add adds the certificates of a PEM text and returns how many it holds. What
// is no certificate, a key among them, is left out.
func (r *Roots) Add(text []byte) (n int) {
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return n
		}
		if b.Type == "CERTIFICATE" {
			r.add(b.Bytes)
			n++
		}
	}
}

func (r *Roots) add(der []byte) {
	sum := sha256.Sum256(der)
	if r.seen[sum] {
		return
	}
	if r.seen == nil {
		r.seen = map[[sha256.Size]byte]bool{}
	}
	r.seen[sum] = true
	_ = pem.Encode(&r.pem, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // to memory
}

// AddFile adds the certificates in a file. The error tells why it can't be
// read, or that there is none in it.
func (r *Roots) AddFile(path string) error {
	text, err := readBounded(path)
	if err != nil {
		return err
	}
	if r.Add(text) == 0 {
		return fmt.Errorf("%s holds no certificate", path)
	}
	return nil
}

// AddFolder adds the certificates in a folder's files. Those that can't be read
// are left out, as OpenSSL does.
func (r *Roots) AddFolder(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	names, _ := f.Readdirnames(maxTrustFiles)
	slices.Sort(names)
	met := map[any]bool{} // OpenSSL's folders name each file twice
	for _, name := range names {
		file := filepath.Join(path, name)
		if info, err := os.Stat(file); err == nil {
			if id := identity(info); id != nil {
				if met[id] {
					continue
				}
				met[id] = true
			}
		}
		if r.pem.Len() > maxTrustFile {
			return
		}
		_ = r.AddFile(file)
	}
}

// AddSystem adds the system's roots.
func (r *Roots) AddSystem() {
	for _, f := range systemFiles {
		if r.AddFile(f) == nil {
			return
		}
	}
	for _, d := range systemFolders {
		before := r.Len()
		if r.AddFolder(d); r.Len() > before {
			return
		}
	}
}

// AddMozilla adds the roots that Mozilla trusts without a constraint, which
// clients that bring roots of their own have too.
func (r *Roots) AddMozilla() {
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			r.add(root.Certificate)
		}
	}
}

// Trust says what the roots of one trust file are, beside a run's own.
type Trust struct {
	// Files are the user's, in the place of the system's. All must be readable.
	Files []string
	// Folders are the user's, which add.
	Folders []string
	// Additive: the client adds the file's roots to some of its own, so that the
	// system's need not be in it.
	Additive bool
}

// Bundle is the text of a trust file: what trust names, and own. Where the
// user names no file it holds the system's roots and Mozilla's, for
// the clients that bring the latter. It is [ErrNoRoots] where nothing was
// found, and an error that names the file where one of the user's can't be read.
func Bundle(trust Trust, own []byte) ([]byte, error) {
	var r Roots
	for _, f := range trust.Files {
		if err := r.AddFile(f); err != nil {
			return nil, err
		}
	}
	for _, d := range trust.Folders {
		r.AddFolder(d)
	}
	if len(trust.Files) == 0 && !trust.Additive {
		r.AddSystem()
		r.AddMozilla()
	}
	if r.Len() == 0 && !trust.Additive {
		return nil, ErrNoRoots
	}
	r.Add(own)
	return r.PEM(), nil
}

func readBounded(path string) ([]byte, error) {
	// Before it is opened, which would wait for somebody to write to a pipe.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > maxTrustFile:
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxTrustFile>>20)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxTrustFile))
}
