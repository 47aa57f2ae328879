package graph

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// graphID is the application id of Graph.
const graphID = "00000003-0000-0000-c000-000000000000"

// audiences are Graph's names in a token.
var audiences = []string{"https://graph.microsoft.com", "https://graph.microsoft.com/", graphID}

// grant is what a caller's token says.
type grant struct {
	app     string // client id
	object  string // object id of the user, or of the app itself
	tenant  string
	appOnly bool
	rights  []string // scopes of a delegated token, roles of an app's own
	admin   bool
	claims  emu.Claims
}

// malformed is what Graph says about text that is no JWT.
const malformed = "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format. " +
	"(JWS): 'EncodedHeader.EncodedPayload.EncodedSignature'. " +
	"(JWE): 'EncodedProtectedHeader.EncodedEncryptedKey.EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'."

func (s *Service) authenticate(c *call) *refusal {
	values := c.r.Header.Values("Authorization")
	if len(values) == 0 {
		return unauthenticated("Access token is empty.")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return unauthenticated("Authentication scheme is not supported.")
	}
	if strings.TrimSpace(token) == "" {
		return unauthenticated("Access token is empty.")
	}
	claims, err := s.opts.Verify(token)
	if err != nil {
		return unauthenticated(reasonOf(token, c.now))
	}
	if !slices.Contains(audiences, textOf(claims, "aud")) {
		return unauthenticated("Access token validation failure. Invalid audience.")
	}
	c.grant = readGrant(claims)
	return nil
}

// reasonOf says why a token was not taken.
func reasonOf(token string, now time.Time) string {
	parts := strings.Split(token, ".")
	if len(parts) == 1 {
		return malformed
	}
	var claims struct {
		Exp float64 `json:"exp"`
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil && json.Unmarshal(body, &claims) == nil && claims.Exp > 0 && float64(now.Unix()) >= claims.Exp {
		return "Lifetime validation failed, the token is expired."
	}
	return "CompactToken validation failed with reason code: 80049228."
}

func unauthenticated(message string) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, code: "InvalidAuthenticationToken",
		message: message, challenge: true,
	}
}

func readGrant(c emu.Claims) grant {
	g := grant{
		claims: c, app: textOf(c, "appid"), object: textOf(c, "oid"), tenant: textOf(c, "tid"),
		appOnly: textOf(c, "idtyp") == "app" || textOf(c, "scp") == "",
		rights:  strings.Fields(textOf(c, "scp")),
		admin:   slices.ContainsFunc(listOf(c, "wids"), func(id string) bool { return slices.Contains(adminRoles, id) }),
	}
	if g.app == "" {
		g.app = textOf(c, "azp")
	}
	if g.appOnly {
		g.rights = listOf(c, "roles")
	}
	return g
}

func sameID(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

func textOf(c emu.Claims, name string) string {
	s, _ := c[name].(string)
	return s
}

func listOf(c emu.Claims, name string) []string {
	list, _ := c[name].([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
