package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"strconv"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// macVersion is signed along, and changes with what is signed.
const macVersion = "acsauth graph mapping 1"

// put writes parts, each preceded by its length, so that no two lists of parts are written alike.
func put(h hash.Hash, parts ...string) {
	for _, part := range parts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash never fails to write
		h.Write([]byte(part))
	}
}

// mac returns the MAC of an Active row by one key.
func (k MACKey) mac(m acsauth.Mapping, extension string) string {
	h := hmac.New(sha256.New, k.Key)
	put(h, macVersion, m.Key.Issuer, m.Key.Subject, string(m.Identity), m.Attempt, strconv.FormatInt(m.Generation, 10), m.Resource, extension)
	return k.ID + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// sign signs by the first key.
func (s *Store) sign(m acsauth.Mapping) string { return s.o.MACKeys[0].mac(m, s.o.Extension) }

// verify reports whether one of the keys signed m.
func (s *Store) verify(m acsauth.Mapping, mac string) bool {
	id, _, _ := strings.Cut(mac, ".")
	for _, k := range s.o.MACKeys {
		if k.ID == id {
			return hmac.Equal([]byte(mac), []byte(k.mac(m, s.o.Extension)))
		}
	}
	return false
}
