package entra

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionSkew = 5 * time.Minute // that the client's clock may be ahead
)

// assertion is a client assertion (RFC 7523) whose signature has not been looked at.
type assertion struct {
	header struct {
		Alg     string `json:"alg"`
		Kid     string `json:"kid"`
		X5t     string `json:"x5t"`
		X5tS256 string `json:"x5t#S256"`
	}
	claims emu.Claims
	input  string // what the signature covers
	sig    []byte
}

// parseAssertion takes an assertion apart.
func parseAssertion(token string) (assertion, bool) {
	var a assertion
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 {
		return a, false
	}
	if decodeSegment(parts[0], &a.header) != nil || decodeSegment(parts[1], &a.claims) != nil || a.claims == nil {
		return a, false
	}
	sig, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	a.input, a.sig = parts[0]+"."+parts[1], sig
	return a, err == nil
}

// signedBy checks the signature: RS256 or PS256.
func (a assertion) signedBy(key *rsa.PublicKey) bool {
	sum := sha256.Sum256([]byte(a.input))
	if a.header.Alg == "PS256" {
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], a.sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return a.header.Alg == "RS256" && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], a.sig) == nil
}

// checkTimes checks nbf and exp.
func (a assertion) checkTimes(now time.Time) *Error {
	exp, hasExp := a.claims["exp"].(float64)
	nbf, _ := a.claims["nbf"].(float64)
	at := float64(now.Unix())
	if hasExp && at < exp && at >= nbf-assertionSkew.Seconds() {
		return nil
	}
	stamp := func(seconds float64) string { return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339) }
	return fail(700024, "Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time "+
		"of assertion %s.", now.UTC().Format(time.RFC3339), stamp(nbf), stamp(exp))
}

// audiences are the values of aud, which may be a string or an array.
func (a assertion) audiences() []string {
	if one := text(a.claims, "aud"); one != "" {
		return []string{one}
	}
	var list []string
	many, _ := a.claims["aud"].([]any)
	for _, v := range many {
		if s, ok := v.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// checkClientAssertion checks that an assertion stands for the application: one that it signed itself with the key of a
// registered certificate, or a token of an issuer that it trusts.
func (s *Service) checkClientAssertion(r *http.Request, form url.Values, app *App, t tenant) *Error {
	a, ok := parseAssertion(form.Get("client_assertion"))
	if !ok {
		return badAssertion(app, "The assertion is malformed.")
	}
	switch kind := form.Get("client_assertion_type"); kind {
	case "":
		return missing("client_assertion_type")
	case assertionType:
	default:
		return fail(90023, "The client_assertion_type '%s' is not supported.", clip(kind))
	}
	if !slices.Contains([]string{"RS256", "PS256"}, a.header.Alg) {
		return fail(5002738, "Invalid JWT token. '%s' is not a supported signature algorithm. Supported signing algorithms are: 'RS256, PS256'.",
			clip(a.header.Alg))
	}
	if issuer := text(a.claims, "iss"); !strings.EqualFold(issuer, app.ID) && strings.Contains(issuer, "://") {
		return s.checkFederated(app, a, form.Get("client_assertion"))
	}
	return s.checkCertificate(r, app, a, t)
}

// badAssertion is the error for an assertion whose key or signature is not right.
func badAssertion(app *App, reason string) *Error {
	return fail(700027, "The certificate with identifier used to sign the client assertion is not registered on application '%s', or "+
		"the client assertion failed signature validation. [Reason - %s]", app.ID, reason)
}

// checkCertificate checks an assertion that the application signed itself.
func (s *Service) checkCertificate(r *http.Request, app *App, a assertion, t tenant) *Error {
	cert := s.flow.certs.find(app, a)
	if cert == nil {
		return badAssertion(app, "The key was not found.")
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || !a.signedBy(key) {
		return badAssertion(app, "The key was found, but use of the key to verify the signature failed.")
	}
	if now := s.now(); now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
		return badAssertion(app, "The key used is expired.")
	}
	if !strings.EqualFold(text(a.claims, "iss"), app.ID) || !strings.EqualFold(text(a.claims, "sub"), app.ID) {
		return fail(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
	}
	if e := a.checkTimes(s.now()); e != nil {
		return e
	}
	if !slices.ContainsFunc(a.audiences(), func(aud string) bool { return s.isTokenEndpoint(r, aud, t) }) {
		return fail(700023, "Client assertion audience claim does not match Realm issuer.")
	}
	return nil
}

// isTokenEndpoint reports whether an audience is a token endpoint or the issuer of the tenant.
func (s *Service) isTokenEndpoint(r *http.Request, aud string, t tenant) bool {
	for _, base := range []string{s.Base(), s.reachedAt(r)} {
		for _, segment := range []string{t.segment, t.id} {
			for _, path := range []string{"/oauth2/v2.0/token", "/oauth2/token", "/v2.0"} {
				if strings.EqualFold(aud, base+"/"+segment+path) {
					return true
				}
			}
		}
	}
	return false
}

// names reports whether the header names a certificate: by x5t#S256, or by the older x5t, or by a kid that is the thumbprint. MSAL for
// Go encodes thumbprints in the standard alphabet with padding, others as RFC 7515 says.
func (a assertion) names(der []byte) bool {
	new, old := sha256.Sum256(der), sha1.Sum(der) // x5t is defined over SHA-1; the signature is what is trusted
	is := func(got string, want []byte) bool {
		return got == base64.StdEncoding.EncodeToString(want) || strings.TrimRight(got, "=") == base64.RawURLEncoding.EncodeToString(want)
	}
	switch {
	case a.header.X5tS256 != "":
		return is(a.header.X5tS256, new[:])
	case a.header.X5t != "":
		return is(a.header.X5t, old[:])
	}
	return a.header.Kid != "" && strings.EqualFold(a.header.Kid, hex.EncodeToString(old[:]))
}
