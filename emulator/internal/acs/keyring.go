package acs

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// minted names the credential that a token was asked for with. It goes into
// the token, so that a key's rotation can revoke it.
type minted string

const mintedByEntra minted = "entra"

// slot is the credential without the key's generation: "primary", "secondary"
// or "entra".
func (m minted) slot() string {
	name, _, _ := strings.Cut(string(m), ".")
	return name
}

// keyring holds the two access keys of a resource. Each has a generation that
// grows when the key is replaced.
type keyring struct {
	mu         sync.RWMutex
	secrets    [2][]byte
	generation [2]int
}

func newKeyring(keys [2]string) (*keyring, error) {
	k := &keyring{}
	if err := k.set(0, keys[0]); err != nil {
		return nil, err
	}
	if keys[1] == "" {
		return k, nil
	}
	return k, k.set(1, keys[1])
}

func (k *keyring) set(slot int, base64Key string) error {
	if slot < 0 || slot >= len(k.secrets) {
		return fmt.Errorf("acs: there is no access key %d", slot)
	}
	secret, err := base64.StdEncoding.DecodeString(base64Key)
	if err != nil || len(secret) == 0 {
		return errors.New("acs: the access key is not base64")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.secrets[slot] = secret
	k.generation[slot]++
	return nil
}

// reset puts back the keys of first. Only a key that differs counts as
// replaced.
func (k *keyring) reset(first *keyring) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, secret := range first.secrets {
		if !bytes.Equal(k.secrets[i], secret) {
			k.secrets[i] = secret
			k.generation[i]++
		}
	}
}

func (k *keyring) texts() [2]string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return [2]string{
		base64.StdEncoding.EncodeToString(k.secrets[0]), base64.StdEncoding.EncodeToString(k.secrets[1]),
	}
}

// find returns the name of the first key that ok accepts.
func (k *keyring) find(ok func(secret []byte) bool) (minted, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for i, secret := range k.secrets {
		if secret != nil && ok(secret) {
			return k.name(i), true
		}
	}
	return "", false
}

// current returns the name of the key in a slot.
func (k *keyring) current(slot int) minted {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.name(slot)
}

// valid reports whether the credential behind m has not been rotated away.
func (k *keyring) valid(m minted) bool {
	if m == mintedByEntra {
		return true
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return m == k.name(0) || m == k.name(1)
}

func (k *keyring) name(slot int) minted {
	return minted(fmt.Sprintf("%s.%d", [...]string{"primary", "secondary"}[slot], k.generation[slot]))
}
