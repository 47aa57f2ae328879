package acsidentity

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
)

const maxKeyLen = 1024

// bothRefusedPause is how long a second key is left alone after the service refused
// both: refused calls count against the limits of the service, too.
const bothRefusedPause = 5 * time.Second

// A KeyCredential is an access key of a resource, or both of its keys. It is
// safe for concurrent use and prints as [redacted].
//
// With both keys, a request that the service refuses with 401 [CodeDenied] is
// signed with the other key and sent once more: it had no effect. The key that is
// accepted then signs from there on, until it is refused in its turn, so
// that each of the keys can be regenerated while requests are under way.
type KeyCredential struct {
	ring   atomic.Pointer[keyRing]
	listen atomic.Pointer[func(KeyEvent)]
}

// A keyRing is one or two keys and which of them signs.
type keyRing struct {
	keys [][]byte // decoded
	at   atomic.Int32
	hold atomic.Int64 // Unix time in ns until which no other key is tried
}

// NewKeyCredential returns a credential for a key in base64, as the portal shows it.
func NewKeyCredential(base64Key string) (*KeyCredential, error) {
	k := &KeyCredential{}
	if err := k.Update(base64Key); err != nil {
		return nil, err
	}
	return k, nil
}

// NewKeyPairCredential returns a credential for both keys of a resource. The first signs as long as the service takes it.
func NewKeyPairCredential(first, second string) (*KeyCredential, error) {
	k := &KeyCredential{}
	if err := k.UpdatePair(first, second); err != nil {
		return nil, err
	}
	return k, nil
}

// Update replaces all keys by this one, for a rotation without restart: every try that is
// signed afterwards uses it. A wrong key leaves the old ones in place.
func (k *KeyCredential) Update(base64Key string) error {
	key, err := decodeKey(base64Key)
	if err != nil {
		return err
	}
	k.ring.Store(&keyRing{keys: [][]byte{key}})
	return nil
}

// UpdatePair replaces all keys by these two at one moment; the first signs. A wrong key, or
// the same key twice, leaves the old ones in place.
func (k *KeyCredential) UpdatePair(first, second string) error {
	one, err := decodeKey(first)
	if err != nil {
		return fmt.Errorf("first key: %w", err)
	}
	two, err := decodeKey(second)
	if err != nil {
		return fmt.Errorf("second key: %w", err)
	}
	if bytes.Equal(one, two) {
		return errors.New("acsidentity: both access keys are the same")
	}
	k.ring.Store(&keyRing{keys: [][]byte{one, two}})
	return nil
}

func decodeKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, errors.New("acsidentity: the access key is not base64")
	case len(key) == 0:
		return nil, errors.New("acsidentity: the access key is empty")
	case len(key) > maxKeyLen:
		return nil, errors.New("acsidentity: the access key is too long")
	}
	return key, nil
}

// get returns the key that signs, or nil for a credential that was not made by a function of this package.
func (k *KeyCredential) get() []byte {
	if r := k.ring.Load(); r != nil {
		return r.keys[r.at.Load()]
	}
	return nil
}

// other returns the key to try after the service refused used, with the ring that it is from and its place there; nil: none.
// If another key than used signs by now, since somebody was faster or the keys were replaced, it is that one.
func (k *KeyCredential) other(used []byte, now time.Time) (key []byte, ring *keyRing, at int32) {
	ring = k.ring.Load()
	at = ring.at.Load()
	switch {
	case !bytes.Equal(ring.keys[at], used):
		return ring.keys[at], ring, at
	case len(ring.keys) < 2 || now.UnixNano() < ring.hold.Load():
		return nil, ring, at
	}
	return ring.keys[1-at], ring, 1 - at
}

// settle makes the key at this place the one that signs, and reports whether it was not.
func (r *keyRing) settle(at int32) bool {
	return len(r.keys) == 2 && r.at.CompareAndSwap(1-at, at)
}

// pause notes that both keys are refused, and reports whether that is news.
func (r *keyRing) pause(now time.Time) bool {
	old := r.hold.Load()
	return now.UnixNano() >= old && r.hold.CompareAndSwap(old, now.Add(bothRefusedPause).UnixNano())
}

// A KeyEvent tells what became of the keys of a [KeyCredential].
type KeyEvent struct {
	// Refused is the key that the service refuses: 1 for the first, 2 for the second.
	Refused int
	// Using is the key that signs from now on. 0: the service refuses both.
	Using int
}

// Notify lets f be told when the service refuses a key while it takes the other
// one, and when it refuses both. It must not block. A later call replaces f; nil ends it.
func (k *KeyCredential) Notify(f func(KeyEvent)) {
	if f == nil {
		k.listen.Store(nil)
		return
	}
	k.listen.Store(&f)
}

func (k *KeyCredential) tell(e KeyEvent) {
	if f := k.listen.Load(); f != nil {
		(*f)(e)
	}
}

// String keeps the key out of formatted text.
func (k *KeyCredential) String() string { return "KeyCredential([redacted])" }

// GoString keeps the key out of %#v.
func (k *KeyCredential) GoString() string { return k.String() }

// Format keeps the key out of every other verb, too.
func (k *KeyCredential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue keeps the key out of logs.
func (k *KeyCredential) LogValue() slog.Value { return slog.StringValue(k.String()) }
