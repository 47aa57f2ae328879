package acs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// acsUserClass is the scp claim of every token, 0x700.
const acsUserClass = 1792

// maxToken bounds a token given to [Service.Introspect], in bytes.
const maxToken = 8 << 10

// minter signs tokens with a key of its own.
type minter struct {
	key    *ecdsa.PrivateKey
	header string // encoded
}

// payload is what a token says, before it is written as claims.
type payload struct {
	ID              string // raw id
	Scopes          []string
	Serial          int64 // 0 for a Teams user
	Issued, Expires time.Time
}

// tokenClaims is the payload of a token. Its JSON is plain ASCII, so that
// base64url equals base64, which an old client takes it for.
type tokenClaims struct {
	Skype      string `json:"skypeid"`
	Class      int    `json:"scp"`
	Session    string `json:"csi"`
	Expires    int64  `json:"exp"`
	Scopes     string `json:"acsScope"`
	ResourceID string `json:"resourceId"`
	Issued     int64  `json:"iat"`
	Serial     int64  `json:"emuSerial"`
	Key        minted `json:"emuKey"`
}

func newMinter() (*minter, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return minterOf(key)
}

func minterOf(key *ecdsa.PrivateKey) (*minter, error) {
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	thumb := sha256.Sum256(public)
	header := fmt.Sprintf(`{"alg":"ES256","kid":"1","x5t":%q,"typ":"JWT"}`, base64.RawURLEncoding.EncodeToString(thumb[:20]))
	return &minter{key: key, header: base64.RawURLEncoding.EncodeToString([]byte(header))}, nil
}

// sign writes a token of a resource, asked for with a credential.
func (m *minter) sign(p payload, resourceID string, with minted) (string, error) {
	claims, err := json.Marshal(tokenClaims{
		Skype: strings.TrimPrefix(p.ID, "8:"), Class: acsUserClass, Session: strconv.FormatInt(p.Issued.Unix(), 10),
		Expires: p.Expires.Unix(), Scopes: strings.Join(p.Scopes, ","), ResourceID: resourceID,
		Issued: p.Issued.Unix(), Serial: p.Serial, Key: with,
	})
	if err != nil {
		return "", err
	}
	signed := m.header + "." + base64.RawURLEncoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, m.key, digest[:])
	if err != nil {
		return "", err
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

// open returns the claims of a token that this minter signed.
func (m *minter) open(token string) (tokenClaims, bool) {
	var claims tokenClaims
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 || parts[0] != m.header {
		return claims, false
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(sig) != 64 {
		return claims, false
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
	if !ecdsa.Verify(&m.key.PublicKey, digest[:], r, s) {
		return claims, false
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return claims, false
	}
	err = json.Unmarshal(body, &claims)
	return claims, err == nil
}

// mint signs a token for the caller's resource and writes it down.
func (s *Service) mint(c *call, p payload) (*accessToken, *refusal) {
	resourceID := s.names[c.who.resource]
	token, err := s.minter.sign(p, resourceID, c.who.key)
	if err != nil {
		return nil, internal("signing failed")
	}
	sum := sha256.Sum256([]byte(token))
	s.issued.Add(IssuedToken{
		Time: p.Issued.UTC(), Op: c.op.name, Identity: p.ID, Resource: resourceID, Scopes: p.Scopes,
		Expires: p.Expires.UTC(), Key: c.who.key.slot(), SHA256: hex.EncodeToString(sum[:]),
	})
	s.counts.add("tokens")
	return &accessToken{token, stamp(p.Expires)}, nil
}
