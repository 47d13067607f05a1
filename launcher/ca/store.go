package ca

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"
)

// ErrNoStore says that no Java installation's roots were found.
var ErrNoStore = errors.New("no Java installation with roots was found")

// storePassword is what Java's own store of roots is opened with, everywhere.
const storePassword = "changeit"

// places are where an installation has its roots, the one that counts first
// (Java's JSSE Reference Guide, "X509TrustManager Interface"); jre is Java 8's.
var places = []string{"lib/security/jssecacerts", "lib/security/cacerts", "jre/lib/security/jssecacerts", "jre/lib/security/cacerts"}

// TrustStore is Java's roots and own (PEM) as a PKCS #12 store (RFC 7292) that
// password opens. homes are folders of Java installations; the first that has
// roots counts.
func TrustStore(homes []string, own []byte, password string) ([]byte, error) {
	var roots []*x509.Certificate
	err := ErrNoStore
	for _, home := range homes {
		for _, place := range places {
			text, readErr := readBounded(filepath.Join(home, filepath.FromSlash(place)))
			if readErr != nil {
				continue
			}
			if roots, err = javaRoots(text); err != nil {
				return nil, fmt.Errorf("the roots of Java in %s can't be read: %w", home, err)
			}
			break
		}
		if err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return pack(roots, own, password)
}

// pack makes a store of roots and own.
func pack(roots []*x509.Certificate, own []byte, password string) ([]byte, error) {
	for b, rest := pem.Decode(own); b != nil; b, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, err
		}
		roots = append(roots, c)
	}
	entries := make([]pkcs12.TrustStoreEntry, len(roots))
	for i, c := range roots { // Java keeps one of several with the same alias
		entries[i] = pkcs12.TrustStoreEntry{Cert: c, FriendlyName: strconv.Itoa(i) + " " + c.Subject.String()}
	}
	// The ciphers that every Java since 8 reads; what they hide is public.
	return pkcs12.LegacyDES.EncodeTrustStoreEntries(entries, password)
}

// javaRoots are the certificates of a store as Java has them: JKS before 18,
// PKCS #12 since, with a password or without.
func javaRoots(store []byte) ([]*x509.Certificate, error) {
	if len(store) < 4 || binary.BigEndian.Uint32(store) != 0xfeedfeed {
		roots, err := pkcs12.DecodeTrustStore(store, storePassword)
		if err != nil {
			roots, err = pkcs12.DecodeTrustStore(store, "")
		}
		return roots, err
	}
	ks := keystore.New()
	if err := ks.Load(bytes.NewReader(store), []byte(storePassword)); err != nil {
		return nil, err
	}
	var roots []*x509.Certificate
	for _, alias := range ks.Aliases() {
		entry, err := ks.GetTrustedCertificateEntry(alias)
		if err != nil {
			continue
		}
		if c, err := x509.ParseCertificate(entry.Certificate.Content); err == nil {
			roots = append(roots, c)
		}
	}
	return roots, nil
}
