package entra

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// maxToken bounds a token that is presented to the emulator, in bytes.
const maxToken = 64 << 10

// Why a token was refused.
var (
	errMalformed = errors.New("entra: token is malformed")
	errSignature = errors.New("entra: token signature is not valid")
	errIssuer    = errors.New("entra: token was issued by someone else")
	errExpired   = errors.New("entra: token is expired or not yet valid")
)

// header is the JOSE header. The order of the fields is part of the signature.
type header struct {
	Typ   string `json:"typ"`
	Nonce string `json:"nonce,omitempty"`
	Alg   string `json:"alg"`
	X5t   string `json:"x5t,omitempty"`
	Kid   string `json:"kid,omitempty"`
}

// signed returns the header that the signature covers: a nonce is replaced by the base64url of its SHA-256.
func (h header) signed() header {
	if h.Nonce != "" {
		sum := sha256.Sum256([]byte(h.Nonce))
		h.Nonce = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return h
}

// segment encodes v as one part of a token.
func segment(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("entra: encode token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// sign makes a token.
func (k *signingKey) sign(h header, c emu.Claims) (string, error) {
	sent, err := segment(h)
	if err != nil {
		return "", err
	}
	covered, err := segment(h.signed())
	if err != nil {
		return "", err
	}
	payload, err := segment(c)
	if err != nil {
		return "", err
	}
	sig, err := k.signature(h.Alg, covered+"."+payload)
	if err != nil {
		return "", err
	}
	return sent + "." + payload + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

// signature knows RS256, and for wrong tokens none and HS256 keyed with the public modulus.
func (k *signingKey) signature(alg, input string) ([]byte, error) {
	switch alg {
	case "none":
		return nil, nil
	case "HS256":
		mac := hmac.New(sha256.New, k.key.N.Bytes())
		mac.Write([]byte(input))
		return mac.Sum(nil), nil
	}
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if err != nil {
		return nil, fmt.Errorf("entra: sign token: %w", err)
	}
	return sig, nil
}

// Verify checks a token of this Entra: form, signature, issuer and times. It is an [emu.VerifyFunc].
func (s *Service) Verify(token string) (emu.Claims, error) {
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 {
		return nil, errMalformed
	}
	var h header
	var c emu.Claims
	if decodeSegment(parts[0], &h) != nil || decodeSegment(parts[1], &c) != nil || c == nil {
		return nil, errMalformed
	}
	t := s.tenantOfToken(c)
	if err := s.checkSignature(t, h, parts); err != nil {
		return nil, err
	}
	if !s.issuedBy(t, c) {
		return nil, errIssuer
	}
	now := float64(s.now().Unix())
	exp, hasExp := c["exp"].(float64)
	nbf, _ := c["nbf"].(float64)
	if !hasExp || now >= exp || now < nbf {
		return nil, errExpired
	}
	return c, nil
}

// issuedBy reports whether issuer, tenant and user of a token belong together. B2C issuers are of another form: nobody here takes them.
func (s *Service) issuedBy(t tenant, c emu.Claims) bool {
	if iss := c["iss"]; t.id == "" || iss != s.issuerV2(t.id) && iss != s.issuerV1(t.id) {
		return false
	}
	u := s.dir.user(text(c, "oid"))
	return u == nil || u.TenantID == t.id
}

// tenantOfToken is the tenant that a token names, for its keys. Of B2C it is the one in the issuer, with the policy.
func (s *Service) tenantOfToken(c emu.Claims) tenant {
	id := text(c, "tid")
	if id == "" {
		id = tenantOfIssuer(text(c, "iss"))
	}
	t := s.dir.tenantByID(id)
	return tenant{id: t.ID, kind: t.Kind, policy: text(c, "tfp")}
}

// checkSignature checks RS256 over the header as it was signed, with the keys of the tenant.
func (s *Service) checkSignature(t tenant, h header, parts []string) error {
	ring := s.ringMade(t)
	if ring == nil || h.Alg != "RS256" {
		return errSignature
	}
	key := ring.find(h.Kid)
	if key == nil {
		return errSignature
	}
	first := parts[0]
	if h.Nonce != "" {
		var err error
		if first, err = segment(h.signed()); err != nil {
			return err
		}
	}
	sig, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return errMalformed
	}
	sum := sha256.Sum256([]byte(first + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&key.key.PublicKey, crypto.SHA256, sum[:], sig) != nil {
		return errSignature
	}
	return nil
}

// decodeSegment decodes one part of a token.
func decodeSegment(part string, into any) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
