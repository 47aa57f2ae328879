package acs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
)

// minted names the credential that a token was asked for with. It goes into
// the token, so that a key's rotation can revoke it.
type minted string

const mintedByEntra minted = "entra"

// keyring holds the two access keys. Each has a generation that grows when the
// key is replaced.
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
