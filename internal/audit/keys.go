package audit

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/acs-solutions/acsauth"
)

const (
	minKey  = 32 // bytes
	maxKeys = 8
)

// A keySet is what one key gives: a subkey for each purpose (RFC 5869), so that
// the hashes of users say nothing about the chain.
type keySet struct {
	id    string // names the key in the log
	chain []byte // nil: plain SHA-256
	users []byte
}

// deriveAll makes the subkeys of all keys. Without a key the chain is plain, and
// users are hashed with a random key that is lost with the process.
func deriveAll(keys [][]byte) ([]keySet, error) {
	if len(keys) == 0 {
		users := make([]byte, sha256.Size)
		_, _ = rand.Read(users) // never fails
		return []keySet{{users: users}}, nil
	}
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("audit: %d keys; at most %d", len(keys), maxKeys)
	}
	var sets []keySet
	for i, key := range keys {
		if len(key) < minKey {
			return nil, fmt.Errorf("audit: key %d has fewer than %d bytes", i+1, minKey)
		}
		set, err := derive(key)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}

func derive(key []byte) (k keySet, err error) {
	sub := func(purpose string, size int) (out []byte) {
		if err == nil {
			out, err = hkdf.Key(sha256.New, key, nil, "acsauth audit v1 "+purpose, size)
		}
		return out
	}
	k.id, k.chain, k.users = hex.EncodeToString(sub("id", 8)), sub("chain", sha256.Size), sub("users", sha256.Size)
	return k, err
}

// sum is the hash of a line: over the hash before it and its bytes.
func (k keySet) sum(prev string, body []byte) string {
	h := sha256.New()
	if k.chain != nil {
		h = hmac.New(sha256.New, k.chain)
	}
	h.Write([]byte(prev)) // always 64 digits
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// matches compares a hash, in a time that does not depend on where it differs.
func (k keySet) matches(prev string, body []byte, hash string) bool {
	return subtle.ConstantTimeCompare([]byte(k.sum(prev, body)), []byte(hash)) == 1
}

// user names a user: 32 hexadecimal digits, "" for no user.
func (k keySet) user(u acsauth.UserKey) string {
	if u == (acsauth.UserKey{}) {
		return ""
	}
	return k.name("user", u.Issuer, u.Subject)
}

// identity names an ACS identity like user.
func (k keySet) identity(id acsauth.Identity) string {
	if id == "" {
		return ""
	}
	return k.name("identity", string(id))
}

func (k keySet) name(parts ...string) string {
	h := hmac.New(sha256.New, k.users)
	for _, s := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(s))) // a hash never fails to write
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// ParseKeys reads keys in base64 with commas or line breaks between, as
// ACSAUTH_AUDIT_KEYS has them. An error shows no part of them.
func ParseKeys(text string) ([][]byte, error) {
	var keys [][]byte
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(", \r\n\t", r) }) {
		key, err := base64.StdEncoding.DecodeString(part)
		if err != nil || len(key) < minKey {
			return nil, fmt.Errorf("key %d is not base64 of %d bytes or more", len(keys)+1, minKey)
		}
		if keys = append(keys, key); len(keys) > maxKeys {
			return nil, fmt.Errorf("more than %d keys", maxKeys)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key")
	}
	return keys, nil
}
