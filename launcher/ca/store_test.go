package ca

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An installation of Java with roots of the kinds that there are, made by its
// own keytool.
func TestStoreOfEveryKindIsJoined(t *testing.T) {
	theirs, own := example(t), example(t)
	want := []string{theirs.root.Subject.CommonName, own.root.Subject.CommonName}
	slices.Sort(want)
	kinds := []struct {
		name  string
		place string
		args  []string
	}{
		{name: "JKS, as before Java 18", place: "lib/security/cacerts", args: []string{"-storetype", "JKS"}},
		{name: "PKCS #12 with a password", place: "lib/security/cacerts", args: []string{"-storetype", "PKCS12"}},
		{name: "PKCS #12 without one, as since Java 18", place: "lib/security/cacerts", args: []string{
			"-storetype", "PKCS12", "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE", "-J-Dkeystore.pkcs12.macAlgorithm=NONE",
		}},
		{name: "PKCS #12 of old Javas", place: "lib/security/cacerts", args: []string{"-storetype", "PKCS12", "-J-Dkeystore.pkcs12.legacy"}},
		{name: "Java 8's place", place: "jre/lib/security/cacerts", args: []string{"-storetype", "JKS"}},
		{name: "the administrator's own", place: "lib/security/jssecacerts", args: []string{"-storetype", "JKS"}},
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			home := t.TempDir()
			store := filepath.Join(home, filepath.FromSlash(kind.place))
			if err := os.MkdirAll(filepath.Dir(store), 0o700); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(home, "root.pem")
			write(t, file, theirs.PEM())
			args := append([]string{"-importcert", "-noprompt", "-alias", "root", "-file", file, "-keystore", store, "-storepass", storePassword}, kind.args...)
			if out, err := tool(t, "keytool", args...); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got := unpacked(t, must(TrustStore([]string{filepath.Join(home, "missing"), home}, own.PEM(), storePassword))(t))
			if !slices.Equal(got, want) {
				t.Errorf("got the roots of %v, want %v", got, want)
			}
		})
	}
}

func TestFirstPlaceOfAnInstallationCounts(t *testing.T) {
	home := t.TempDir()
	admin, usual, own := example(t), example(t), example(t)
	for place, a := range map[string]*Authority{"jssecacerts": admin, "cacerts": usual} {
		path := filepath.Join(home, "lib", "security", place)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, must(pack(nil, a.PEM(), storePassword))(t))
	}
	names := unpacked(t, must(TrustStore([]string{home}, own.PEM(), storePassword))(t))
	want := []string{admin.root.Subject.CommonName, own.root.Subject.CommonName}
	if slices.Sort(want); !slices.Equal(names, want) {
		t.Errorf("got the roots of %v, want %v", names, want)
	}
}

// unpacked are the names of the roots in a store, in order.
func unpacked(t *testing.T, store []byte) []string {
	t.Helper()
	var names []string
	for _, c := range must(javaRoots(store))(t) {
		names = append(names, c.Subject.CommonName)
	}
	slices.Sort(names)
	return names
}

// Authorities renew their root under the same name.
func TestRootsOfOneNameAreAllKept(t *testing.T) {
	a, b := example(t), example(t)
	template := a.template("the same name", 1)
	one := must(sign(template, template, a.signer.Public(), a.signer))(t)
	two := must(sign(template, template, b.signer.Public(), b.signer))(t)
	path := filepath.Join(t.TempDir(), "store.p12")
	write(t, path, must(pack([]*x509.Certificate{one, two}, example(t).PEM(), "secret"))(t))
	out, err := tool(t, "keytool", "-list", "-keystore", path, "-storepass", "secret")
	if err != nil || strings.Count(out, "trustedCertEntry") != 3 {
		t.Errorf("Java sees %v\n%s\nwant three roots", err, out)
	}
}

func TestStoreThatCantBeReadIsAnError(t *testing.T) {
	own := example(t).PEM()
	home := t.TempDir()
	path := filepath.Join(home, "lib", "security", "cacerts")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := TrustStore([]string{home, ""}, own, "secret"); !errors.Is(err, ErrNoStore) {
		t.Errorf("no store: got %v, want ErrNoStore", err)
	}
	for name, text := range map[string]string{
		"empty": "", "text": "no store at all", "JKS cut short": "\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00", "PKCS #12 cut short": "\x30\x82\x01\x00\x02\x01\x03",
		"JKS that boasts": "\xfe\xed\xfe\xed\x00\x00\x00\x02\xff\xff\xff\xff\x00\x00\x00\x02\xff\xff",
	} {
		write(t, path, []byte(text))
		if got, err := TrustStore([]string{home}, own, "secret"); err == nil || !strings.Contains(err.Error(), home) {
			t.Errorf("%s: got %d bytes and %v, want an error that names %s", name, len(got), err, home)
		}
	}
	write(t, path, must(pack(nil, own, storePassword))(t))
	if _, err := TrustStore([]string{home}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), "secret"); err == nil {
		t.Error("an own root that is none: got no error")
	}
}

func BenchmarkTrustStore(b *testing.B) {
	home := b.TempDir()
	path := filepath.Join(home, "lib", "security", "cacerts")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		b.Fatal(err)
	}
	var r Roots
	r.AddMozilla()
	store := must(pack(nil, r.PEM(), storePassword))(b)
	if err := os.WriteFile(path, store, 0o600); err != nil {
		b.Fatal(err)
	}
	own := example(b).PEM()
	for b.Loop() {
		must(TrustStore([]string{home}, own, "secret"))(b)
	}
}
