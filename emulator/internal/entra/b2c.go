package entra

import (
	"net/http"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// issuerB2C is the iss claim of a B2C tenant in its default form, with the slash at the end.
func (s *Service) issuerB2C(tid string) string { return s.issuerV2(tid) + "/" }

// baseB2C are the claims that both kinds of B2C tokens have. There is no tid, and sub is the object id.
func (s *Service) baseB2C(t tenant, lifetime time.Duration) emu.Claims {
	now := s.now()
	return emu.Claims{
		"iss": s.issuerB2C(t.id), "ver": "1.0", "tfp": t.policy,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(lifetime).Unix(),
	}
}

// addB2CUser adds what the user flow puts into tokens: object id, display name and mail addresses.
func addB2CUser(c emu.Claims, s *Service, u *User) {
	c["sub"], c["oid"], c["name"], c["emails"] = u.ObjectID, u.ObjectID, u.DisplayName, []string{u.Mail}
	c["auth_time"] = s.now().Unix()
}

// claimsB2C are the claims of an access token of B2C.
func (s *Service) claimsB2C(sub subject, t tenant) emu.Claims {
	c := s.baseB2C(t, sub.lifetime)
	c["aud"], c["azp"] = sub.resource.ID, sub.app.ID
	if sub.user != nil {
		addB2CUser(c, s, sub.user)
		addScopes(c, sub.scopes)
		return c
	}
	delete(c, "tfp")
	oid := s.dir.principal(sub.app, t.id)
	c["sub"], c["oid"], c["azpacr"] = oid, oid, "1"
	if roles := sub.app.Roles[sub.resource.ID]; len(roles) > 0 {
		c["roles"] = roles
	}
	return c
}

// idClaimsB2C are the claims of an id_token of B2C.
func (s *Service) idClaimsB2C(app *App, u *User, g grantFacts, t tenant) emu.Claims {
	c := s.baseB2C(t, time.Hour)
	c["aud"] = app.ID
	addB2CUser(c, s, u)
	if g.nonce != "" {
		c["nonce"] = g.nonce
	}
	return c
}

// metadataB2C is the discovery document of a policy. When the policy came as a parameter, the endpoints have it so, too.
func (s *Service) metadataB2C(r *http.Request, t tenant) metadata {
	m := s.metadataFor(r, t)
	m.Issuer = s.reachedAt(r) + "/" + t.id + "/v2.0/"
	m.Claims = []string{"name", "emails", "oid", "sub", "tfp", "iss", "iat", "exp", "aud", "nonce", "auth_time", "ver"}
	m.Scopes = []string{"openid"}
	m.GrantTypes = []string{grantCode, grantRefresh, grantClient}
	m.DeviceEndpoint, m.FrontChannelLogout = "", false
	m.UserInfo, m.CloudInstance, m.CloudGraphHost, m.GraphHost = "", "", "", ""
	if t.byQuery {
		for _, at := range []*string{&m.TokenEndpoint, &m.AuthorizationEndpoint, &m.JWKSURI, &m.EndSessionEndpoint} {
			*at += "?p=" + strings.ToLower(t.policy)
		}
	}
	return m
}

// atB2C reports whether B2C has an endpoint, too: it has no v1, no device code and no consent by an admin.
func atB2C(rest string) bool {
	switch strings.ToLower(rest) {
	case "v2.0/.well-known/openid-configuration", "discovery/v2.0/keys", "oauth2/v2.0/authorize", "oauth2/v2.0/token",
		"oauth2/v2.0/logout", "login":
		return true
	}
	return false
}

// needsPolicy reports whether a path of a B2C tenant lacks its policy.
func (t tenant) needsPolicy() bool { return t.kind == B2C && t.policy == "" }

// errorB2C is a B2C error; an empty text is that of the AADSTS error it stands for.
type errorB2C struct{ code, text string }

// errorsB2C are the B2C errors that stand for AADSTS codes. B2C has a list of its own
// (learn.microsoft.com/azure/active-directory-b2c/error-codes).
var errorsB2C = map[int]errorB2C{
	28000:   {"AADB2C90146", ""},
	50011:   {"AADB2C90006", ""},
	50034:   {"AADB2C90053", "A user with the specified credential could not be found."},
	50058:   {"AADB2C90077", "User does not have an existing session and request prompt parameter has a value of 'None'."},
	54005:   {"AADB2C90080", "The provided grant has expired. Please re-authenticate and try again."},
	65001:   {"AADB2C90205", "This application does not have sufficient permissions against this web resource to perform the operation."},
	65004:   {"AADB2C90091", "The user has cancelled entering self-asserted information."},
	70000:   {"AADB2C90279", "The provided client id does not match the client id that issued the grant."},
	70003:   {"AADB2C90086", ""},
	70005:   {"AADB2C90013", ""},
	70007:   {"AADB2C90014", ""},
	70008:   {"AADB2C90080", "The provided grant has expired. Please re-authenticate and try again."},
	70011:   {"AADB2C90117", ""},
	90022:   {"AADB2C90022", ""},
	500011:  {"AADB2C90117", "The scope provided in the request is not supported."},
	501481:  {"AADB2C90182", "The supplied code_verifier does not match associated code_challenge"},
	650057:  {"AADB2C90205", "This application does not have sufficient permissions against this web resource to perform the operation."},
	700005:  {"AADB2C90088", "The provided grant has not been issued for this endpoint."},
	700016:  {"AADB2C90018", ""},
	700025:  {"AADB2C90084", "Public clients should not send a client_secret when redeeming a publicly acquired grant."},
	700082:  {"AADB2C90080", "The provided grant has expired. Please re-authenticate and try again."},
	700084:  {"AADB2C90080", "The provided grant has expired. Please re-authenticate and try again."},
	900144:  {"AADB2C90083", ""},
	7000215: {"AADB2C90081", "The specified client_secret does not match the expected value for this client. Please correct the client_secret and try again."},
	7000218: {"AADB2C90079", "Clients must send a client_secret when redeeming a confidential grant."},
	9002313: {"AADB2C90090", "The provided JWE is not a valid 5 segment token."},
	9002325: {"AADB2C99059", "The supplied request must present a code_challenge."},
}

// bodyB2C turns an error body into the form of B2C, which has other codes and fewer members.
func bodyB2C(b errorBody, e *Error) errorBody {
	own, ok := errorsB2C[e.Code]
	if !ok {
		own = errorB2C{"AADB2C90085", "The service has encountered an internal error. Please reauthenticate and try again. (" + e.Error() + ")"}
	}
	if own.text == "" {
		own.text = e.Text
	}
	name := e.OAuth
	if name == "login_required" {
		name = "interaction_required"
	}
	return errorBody{
		Error:       name,
		Description: own.code + ": " + own.text + "\r\nCorrelation ID: " + b.CorrelationID + "\r\nTimestamp: " + b.Timestamp + "\r\n",
	}
}
