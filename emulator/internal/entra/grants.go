package entra

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// code is an authorization code.
type code struct {
	app         *App
	redirectURI string
	challenge   string
	plain       bool // code_challenge_method plain; confidential clients only
	used        bool
	facts       grantFacts
}

// refreshGrant is a refresh token. It is good for every resource its client has consent for.
type refreshGrant struct {
	app   *App
	facts grantFacts
}

// redeemCode is the authorization_code grant.
func (s *Service) redeemCode(req tokenRequest) (*tokenAnswer, *Error) {
	name := req.form.Get("code")
	if name == "" {
		return nil, missing("code")
	}
	if req.form.Get("redirect_uri") == "" {
		return nil, missing("redirect_uri")
	}
	c, found, fresh := s.codes.get(name, s.now())
	if !found {
		return nil, fail(9002313, "Invalid request. Request is malformed or invalid.")
	}
	if e := checkCode(req, c, fresh); e != nil {
		return nil, e
	}
	if e := c.facts.checkTenant(req.tenant); e != nil {
		return nil, e
	}
	if e := s.checkRevoked(c.facts); e != nil {
		return nil, e
	}
	if e := s.meet(grantCode, presented{req.app, c.facts.user, c.facts.have}); e != nil {
		return nil, e
	}
	set, e := s.scope(req.form.Get("scope"), c.facts.scopes)
	if e != nil {
		return nil, e
	}
	first := false
	s.codes.update(name, func(c *code) { first, c.used = !c.used, true })
	if !first {
		return nil, codeUsed()
	}
	return s.delegated(req, set, c.facts)
}

func codeUsed() *Error {
	return fail(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
}

// checkCode checks that the code belongs to this request.
func checkCode(req tokenRequest, c code, fresh bool) *Error {
	switch {
	case c.app.ID != req.app.ID:
		return fail(70000, "Provided grant is invalid or malformed. The authorization code was issued to another client.")
	case c.used:
		return codeUsed()
	case !fresh:
		return fail(70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "+
			"authorization request for this user and resource.")
	case c.redirectURI != req.form.Get("redirect_uri"):
		return fail(500112, "The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.",
			clip(req.form.Get("redirect_uri")), clip(c.redirectURI))
	case !c.verified(req.form.Get("code_verifier")):
		return fail(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	}
	return nil
}

// verified checks PKCE (RFC 7636).
func (c code) verified(verifier string) bool {
	if c.challenge == "" {
		return verifier == ""
	}
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	got := verifier
	if !c.plain {
		sum := sha256.Sum256([]byte(verifier))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(got), []byte(c.challenge)) == 1
}

// newRefresh stores a refresh token. At a browser client it ends with the first one, however often it is used.
func (s *Service) newRefresh(app *App, g grantFacts) string {
	switch {
	case !app.Public:
		g.expires = s.now().Add(refreshLifetime)
	case g.expires.IsZero():
		g.expires = s.now().Add(spaLifetime)
	}
	g.nonce = "" // belongs to the sign-in only
	return s.refresh.put("1.AX", refreshGrant{app: app, facts: g}, g.expires)
}

// redeemRefresh is the refresh_token grant. As at Entra, the old refresh token stays good beside the new one.
func (s *Service) redeemRefresh(req tokenRequest) (*tokenAnswer, *Error) {
	name := req.form.Get("refresh_token")
	if name == "" {
		return nil, missing("refresh_token")
	}
	g, found, fresh := s.refresh.get(name, s.now())
	switch {
	case !found:
		return nil, fail(9002313, "Invalid request. Request is malformed or invalid.")
	case g.app.ID != req.app.ID:
		return nil, fail(70000, "Provided grant is invalid or malformed. The refresh token was issued to another client.")
	case !fresh && req.app.Public:
		return nil, fail(700084, "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited "+
			"lifetime of 1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent.")
	case !fresh:
		return nil, fail(700082, "The refresh token has expired due to inactivity. The token was issued on %s and was inactive for %s.",
			g.facts.issued.UTC().Format(time.RFC3339), "90.00:00:00")
	case g.facts.policy != req.tenant.policy:
		return nil, otherPolicy()
	}
	if e := s.checkRevoked(g.facts); e != nil {
		return nil, e
	}
	have, e := s.checkDemands(req, g.facts.have)
	if e != nil {
		return nil, e
	}
	g.facts.have = have
	if e := s.meet(grantRefresh, presented{req.app, g.facts.user, have}); e != nil {
		return nil, e
	}
	set, e := s.scope(req.form.Get("scope"), g.facts.scopes)
	if e != nil {
		return nil, e
	}
	return s.delegated(req, set, g.facts)
}

// redeemClient is the client_credentials grant.
func (s *Service) redeemClient(req tokenRequest) (*tokenAnswer, *Error) {
	if req.app.Public {
		return nil, fail(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	}
	if req.tenant.common() {
		return nil, fail(50059, "No tenant-identifying information found in either the request or implied by any provided credentials.")
	}
	set, e := s.scope(req.form.Get("scope"), "")
	if e != nil {
		return nil, e
	}
	if !set.isDefault { // OpenID Connect scopes beside it mean nothing here; MSAL Go sends them
		return nil, fail(1002012, "The provided value for scope %s is not valid. Client credential flows must have a scope value with "+
			"/.default suffixed to the resource identifier (application ID URI).", clip(strings.Join(set.requested, " ")))
	}
	if e := s.meet(grantClient, presented{app: req.app}); e != nil {
		return nil, e
	}
	return s.answer(subject{
		app: s.effective(req.app, req.tenant.id, nil), resource: set.resource, audience: set.audience, version: set.resource.Version,
		lifetime: s.tokenLifetime(), at: req.tenant, grant: grantClient,
	})
}

// redeemOBO is the On-Behalf-Of grant.
func (s *Service) redeemOBO(req tokenRequest) (*tokenAnswer, *Error) {
	if req.form.Get("assertion") == "" {
		return nil, missing("assertion")
	}
	if use := req.form.Get("requested_token_use"); use != "on_behalf_of" {
		if use == "" {
			return nil, missing("requested_token_use")
		}
		return nil, fail(90023, "The value of requested_token_use is not supported.")
	}
	if req.app.Public {
		return nil, fail(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	}
	facts, e := s.checkAssertion(req.app, req.form.Get("assertion"))
	if e != nil {
		return nil, e
	}
	if e := s.meet("on_behalf_of", presented{req.app, facts.user, facts.have}); e != nil {
		return nil, e
	}
	if _, e := s.checkDemands(req, facts.have); e != nil {
		return nil, e
	}
	set, e := s.scope(req.form.Get("scope"), "")
	if e != nil {
		return nil, e
	}
	facts.scopes = req.form.Get("scope")
	return s.delegated(req, set, facts)
}

// checkDemands refuses a claims parameter that the sign-in does not answer: only a person can. It returns the answers, with those
// that a new token gives. Demands that conditional access does not know are left alone.
func (s *Service) checkDemands(req tokenRequest, have proofs) (proofs, *Error) {
	claims := req.form.Get("claims")
	demands, err := parseChallenge(claims)
	if err != nil {
		return nil, fail(90023, "The claims parameter is not right: %s.", err)
	}
	for _, d := range demands {
		if slices.Contains([]string{"acrs", "capolids", "polids"}, d.name) && !d.met(have) {
			e := fail(50076, "%s", obstacleKinds[50076].text)
			e.Suberror, e.Claims = "basic_action", claims
			return nil, e
		}
	}
	return have.with(newness(demands)), nil
}

// checkAssertion checks that the incoming token was issued to this client for a user, and reads what it says about the sign-in.
func (s *Service) checkAssertion(app *App, assertion string) (grantFacts, *Error) {
	var none grantFacts
	c, err := s.Verify(assertion)
	switch {
	case errors.Is(err, errExpired):
		return none, fail(500133, "Assertion is not within its valid time range. Ensure that the access token is not expired before "+
			"using it for user assertion, or request a new token.")
	case err != nil:
		return none, fail(50013, "Assertion failed signature validation. [Reason - The key was not found, or the token is malformed or "+
			"was issued by someone else.]")
	}
	if !s.isAudience(app, c) {
		return none, fail(500131, "Assertion audience does not match the Client app presenting the assertion. The audience in the "+
			"assertion was '%s' and the expected audience is '%s' or one of the Application Uris of this application.",
			clip(text(c, "aud")), app.ID)
	}
	if text(c, "idtyp") == "app" || text(c, "scp") == "" {
		return none, fail(7000114, "Application '%s' is not allowed to make application on-behalf-of calls.", app.ID)
	}
	user := s.dir.userIn(text(c, "tid"), text(c, "oid"))
	if user == nil {
		return none, fail(50034, "The user account does not exist in the directory.")
	}
	iat, _ := c["iat"].(float64)
	issued := time.Unix(int64(iat), 0)
	if last := s.flow.revoked.get(user.ObjectID); last.count > 0 && issued.Unix() < last.at.Unix() {
		return none, revokedGrant(issued, last.at)
	}
	g := s.newFacts(user, "", proofsOf(c))
	g.issued = issued
	return g, nil
}

// isAudience reports whether the token is for the application.
func (s *Service) isAudience(app *App, c emu.Claims) bool {
	aud := text(c, "aud")
	if aud == app.ID {
		return true
	}
	resource := s.dir.resource(app.ID)
	return resource != nil && slices.Contains(resource.URIs, strings.TrimSuffix(strings.ToLower(aud), "/"))
}

// text is a claim that is a string.
func text(c emu.Claims, name string) string {
	v, _ := c[name].(string)
	return v
}
