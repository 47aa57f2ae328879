package config

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const redacted = "[redacted]"

// A Secret is a value that no log, error or printout shows. It is held by a
// function, so that code which prints by reflection, without asking the
// methods below, finds an address and nothing more. The zero Secret is not set.
type Secret struct {
	reveal func() string
	ref    *Reference
}

// NewSecret returns a secret with this value; an empty one is not set.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the secret itself, or "" if it is not set or [Secret.Pending].
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether no secret is set. One that still has to be fetched from Key Vault is set.
func (s Secret) IsZero() bool { return s.reveal == nil && s.ref == nil }

// Pending reports whether the value still has to be fetched from Key Vault; see [Config.Resolve].
func (s Secret) Pending() bool { return s.reveal == nil && s.ref != nil }

// Reference returns where in Key Vault the secret is, if it comes from there.
func (s Secret) Reference() (Reference, bool) {
	if s.ref == nil {
		return Reference{}, false
	}
	return *s.ref, true
}

// Equal compares the values, in a time that does not depend on where they differ.
func (s Secret) Equal(other Secret) bool {
	return s.IsZero() == other.IsZero() && subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// appServicePrefix begins the text that App Service leaves in a setting whose Key Vault reference it could not resolve.
const appServicePrefix = "@microsoft.keyvault("

// UnmarshalText takes the text of a setting: the secret itself, or keyvault: and the URL of it.
func (s *Secret) UnmarshalText(text []byte) error {
	value := string(text)
	lower := strings.ToLower(strings.TrimSpace(value))
	switch {
	case strings.HasPrefix(lower, appServicePrefix):
		return problem("is the text of a Key Vault reference: App Service did not resolve this reference. Look at its status in the portal, under Environment variables")
	case lower == redacted:
		return problem("is what a printout shows in place of a secret")
	case strings.HasPrefix(lower, referencePrefix):
		ref, err := parseReference(strings.TrimSpace(value)[len(referencePrefix):])
		if err != nil {
			return err
		}
		*s = Secret{ref: &ref}
		return nil
	}
	*s = NewSecret(value)
	return nil
}

// String hides the secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// shown is the secret in the report of settings.
func (s Secret) shown() string {
	if s.ref != nil {
		return redacted + " (keyvault)"
	}
	return s.String()
}

// Format hides the secret from every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// GoString hides the secret from whoever asks for Go syntax without package fmt.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret from JSON, XML and other encodings of text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML hides the secret from YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// MarshalBinary hides the secret from binary encodings, gob among them.
func (s Secret) MarshalBinary() ([]byte, error) { return []byte(s.String()), nil }
