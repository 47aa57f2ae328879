package entra

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// maxIssued is how many issued tokens are remembered.
const maxIssued = emu.RingSize

// IssuedToken says what a token that was issued holds; the token itself is not kept.
type IssuedToken struct {
	Time     time.Time `json:"time"`
	Grant    string    `json:"grant"` // grant_type, or minted
	Kind     string    `json:"kind"`  // access or id
	Client   string    `json:"client"`
	User     string    `json:"user,omitempty"` // object id
	Tenant   string    `json:"tenant"`
	Audience string    `json:"audience"`
	Scopes   []string  `json:"scopes,omitempty"`
	Roles    []string  `json:"roles,omitempty"`
	Expires  time.Time `json:"expires"`
	SHA256   string    `json:"sha256"` // of the whole token, in hex
}

// Issued returns the last 1,000 tokens, oldest first.
func (s *Service) Issued() []IssuedToken { return s.issued.All() }

// record remembers a token by its claims.
func (s *Service) record(grant, kind, token string, c emu.Claims) {
	sum := sha256.Sum256([]byte(token))
	t := IssuedToken{
		Time: s.now(), Grant: strings.TrimPrefix(grant, "urn:ietf:params:oauth:grant-type:"), Kind: kind,
		Client: text(c, "azp") + text(c, "appid"), Tenant: text(c, "tid"), Audience: text(c, "aud"),
		Scopes: strings.Fields(text(c, "scp")), SHA256: hex.EncodeToString(sum[:]),
	}
	if text(c, "idtyp") != "app" {
		t.User = text(c, "oid")
	}
	if kind == "id" {
		t.Client = t.Audience
	}
	if t.Tenant == "" { // B2C
		t.Tenant = tenantOfIssuer(text(c, "iss"))
	}
	t.Roles, _ = c["roles"].([]string)
	if exp, ok := c["exp"].(int64); ok {
		t.Expires = time.Unix(exp, 0).UTC()
	}
	s.issued.Add(t)
}

// tenantOfIssuer is the tenant in an issuer of the form BASE/TENANT/v2.0/.
func tenantOfIssuer(iss string) string {
	base, ok := strings.CutSuffix(iss, "/v2.0/")
	if !ok {
		return ""
	}
	return base[strings.LastIndexByte(base, '/')+1:]
}
