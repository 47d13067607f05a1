// Package msix stands in for go.digitalxero.dev/go-msix, which the Go proxy
// doesn't serve. GoReleaser can't be built without a package of this name, and
// needs it only for Windows' MSIX packages, which we don't make: here it has the
// names that nfpm uses, and builds nothing.
package msix

import (
	"crypto"
	"crypto/x509"
	"errors"
	"io"
)

var errNone = errors.New("this build of GoReleaser makes no MSIX packages")

// Builder would collect what goes into a package.
type Builder struct {
	Manifest    Manifest
	SignOptions *SignOptions
}

// NewBuilder returns a builder that refuses everything.
func NewBuilder() *Builder { return &Builder{} }

// AddFile always fails.
func (*Builder) AddFile(string, string) error { return errNone }

// Build always fails.
func (*Builder) Build(io.Writer) error { return errNone }

// LoadPFX always fails.
func LoadPFX(string, string) (*x509.Certificate, crypto.PrivateKey, []*x509.Certificate, error) {
	return nil, nil, nil, errNone
}

// What a package would be described by.
type (
	SignOptions struct {
		Certificate *x509.Certificate
		PrivateKey  crypto.PrivateKey
		CertChain   []*x509.Certificate
	}
	Manifest struct {
		Identity     Identity
		Properties   Properties
		Dependencies Dependencies
		Resources    []Resource
		Applications []Application
		Capabilities Capabilities
	}
	Identity           struct{ Name, Version, Publisher, ProcessorArchitecture, ResourceID string }
	Properties         struct{ DisplayName, PublisherDisplayName, Logo, Description string }
	Dependencies       struct{ TargetDeviceFamilies []TargetDeviceFamily }
	TargetDeviceFamily struct{ Name, MinVersion, MaxVersionTested string }
	Resource           struct{ Language string }
	Application        struct {
		ID, Executable, EntryPoint string
		VisualElements             VisualElements
	}
	VisualElements struct {
		DisplayName, Description, BackgroundColor, Square150x150Logo, Square44x44Logo string
	}
	Capabilities struct {
		Capabilities       []Capability
		DeviceCapabilities []DeviceCapability
		Restricted         []RestrictedCapability
	}
	Capability           struct{ Name string }
	DeviceCapability     struct{ Name string }
	RestrictedCapability struct{ Name string }
)
