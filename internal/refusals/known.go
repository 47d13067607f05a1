package refusals

import "debug/buildinfo"

// known are programs of which it is known, without a call that fails, that no
// file of roots is heard: their hosts are never opened.
var known = []struct {
	system string // GOOS, or empty for all
	is     func(path string) bool
	why    string
}{
	// https://pkg.go.dev/crypto/x509#SystemCertPool: on macOS Go asks the
	// system's verifier and reads no SSL_CERT_FILE.
	{"darwin", isGo, "is written in Go, which on macOS trusts the system's keychain alone"},
}

// Known is why the program at path would refuse every certificate of a run on
// system (a GOOS), in words that go on from its name; or empty.
func Known(path, system string) string {
	for _, k := range known {
		if (k.system == "" || k.system == system) && k.is(path) {
			return k.why
		}
	}
	return ""
}

// isGo reports whether a file is a program that Go has built.
func isGo(path string) bool {
	_, err := buildinfo.ReadFile(path)
	return err == nil
}
