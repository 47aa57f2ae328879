package entra

import (
	"errors"
	"slices"
	"strings"
)

// Federated is a federated identity credential: a token of the issuer for the subject and the audience stands in for a secret.
// In the issuer, {base} is the base URL of the emulator and {tid} the id of its tenant. Only the emulator's own issuers can
// be used, since it reads keys from nobody else.
type Federated struct {
	Issuer   string
	Subject  string
	Audience string
}

// issuer is the issuer with its variables filled in.
func (s *Service) federatedIssuer(f Federated) string {
	return strings.NewReplacer("{base}", s.Base(), "{tid}", s.dir.TenantID).Replace(f.Issuer)
}

// checkFederated checks an assertion that an issuer made which the application trusts.
func (s *Service) checkFederated(app *App, a assertion, token string) *Error {
	const advice = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
	issuer := text(a.claims, "iss")
	match := slices.DeleteFunc(s.federated(app), func(f Federated) bool { return s.federatedIssuer(f) != issuer })
	if len(match) == 0 {
		return fail(700211, "No matching federated identity record found for presented assertion issuer '%s'. %s", clip(issuer), advice)
	}
	if e := s.checkFederatedSignature(app, a, issuer, token); e != nil {
		return e
	}
	if e := a.checkTimes(s.now()); e != nil {
		return e
	}
	match = slices.DeleteFunc(match, func(f Federated) bool { return !a.isFor(f.Audience) })
	if len(match) == 0 {
		return fail(700212, "No matching federated identity record found for presented assertion audience '%s'. %s",
			clip(strings.Join(a.audiences(), ",")), advice)
	}
	subject := text(a.claims, "sub")
	if !slices.ContainsFunc(match, func(f Federated) bool { return f.Subject == subject }) {
		return fail(700213, "No matching federated identity record found for presented assertion subject '%s'. %s", clip(subject), advice)
	}
	return nil
}

// isFor reports whether an assertion is for an audience. Tokens of Entra name the exchange by its client id.
func (a assertion) isFor(audience string) bool {
	have := a.audiences()
	return slices.Contains(have, audience) || audience == ExchangeAudience && slices.Contains(have, exchangeID)
}

// checkFederatedSignature checks the signature with the keys of the issuer.
func (s *Service) checkFederatedSignature(app *App, a assertion, issuer, token string) *Error {
	switch issuer {
	case s.workloadIssuer():
		key, err := s.flow.workload.get()
		if err != nil {
			return internal()
		}
		if a.header.Kid != key.kid || !a.signedBy(&key.key.PublicKey) {
			return badAssertion(app, "The key was not found, or the signature is not right.")
		}
		return nil
	case s.issuerV2(s.dir.TenantID):
		if _, err := s.Verify(token); err != nil && !errors.Is(err, errExpired) {
			return badAssertion(app, "The key was not found, or the signature is not right.")
		}
		return nil
	}
	return fail(50166, "Request to External OIDC endpoint failed: the emulator reads keys from no other issuer.")
}
