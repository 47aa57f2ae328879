package acsidentity

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
)

const maxKeyLen = 1024

// A KeyCredential is an access key of a resource. It is safe for concurrent use
// and prints as [redacted].
type KeyCredential struct {
	key atomic.Pointer[[]byte] // decoded
}

// NewKeyCredential returns a credential for a key in base64, as the portal shows it.
func NewKeyCredential(base64Key string) (*KeyCredential, error) {
	k := &KeyCredential{}
	if err := k.Update(base64Key); err != nil {
		return nil, err
	}
	return k, nil
}

// Update replaces the key, for a rotation without restart: every try that is
// signed afterwards uses the new one. A wrong key leaves the old one in place.
func (k *KeyCredential) Update(base64Key string) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(base64Key))
	switch {
	case err != nil:
		return errors.New("acsidentity: the access key is not base64")
	case len(key) == 0:
		return errors.New("acsidentity: the access key is empty")
	case len(key) > maxKeyLen:
		return errors.New("acsidentity: the access key is too long")
	}
	k.key.Store(&key)
	return nil
}

// get returns the key, or nil for a credential that was not made by NewKeyCredential.
func (k *KeyCredential) get() []byte {
	if p := k.key.Load(); p != nil {
		return *p
	}
	return nil
}

// String keeps the key out of formatted text.
func (k *KeyCredential) String() string { return "KeyCredential([redacted])" }

// GoString keeps the key out of %#v.
func (k *KeyCredential) GoString() string { return k.String() }

// LogValue keeps the key out of logs.
func (k *KeyCredential) LogValue() slog.Value { return slog.StringValue(k.String()) }
