package entra

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// newGUID returns a random version 4 GUID.
func newGUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// randomText returns n random bytes in base64url.
func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// pairwise derives the sub claim: stable for a user and an application, different for any other pair.
func pairwise(app, oid string) string {
	mac := hmac.New(sha256.New, []byte("acsauth emulator pairwise subject"))
	mac.Write([]byte(app + "|" + oid))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
