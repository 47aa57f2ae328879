package authn

import (
	"context"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A check is the work on one token. Each step fills in what later ones need.
type check struct {
	v     *Verifier
	token string
	now   time.Time

	raw    compact
	header jsonValue
	c      claims
	choice
	chosen *acsauth.Error // why the token is of no issuer
	alg    string
	kid    string
	key    publicKey
	caller acsauth.Caller
}

// A step is one rule of the check. Its name is that of the rule in a Report, and of its switch in a test build.
type step struct {
	rule  string
	run   func(*check, context.Context) *acsauth.Error
	needs []string // rules without which it cannot be judged
}

// do judges one rule.
func (s *step) do(ctx context.Context, k *check) *acsauth.Error {
	if k.waives(ctx, s) {
		return nil
	}
	return s.run(k, ctx)
}

// tokenSteps are the check in its order, cheap ones first. See the package comment.
var tokenSteps = [...]step{
	{"form", (*check).form, nil},
	{"kind", (*check).otherKind, []string{"form"}},
	{"id-token", (*check).idToken, []string{"form"}},
	{"algorithm", (*check).algorithm, []string{"form"}},
	{"header", (*check).checkHeader, []string{"form"}},
	{"version", (*check).version, []string{"form"}},
	{"tenant", (*check).knownTenant, []string{"form", "version"}},
	{"issuer", (*check).knownIssuer, []string{"form", "version", "tenant"}},
	{"key", (*check).findKey, []string{"form", "algorithm", "header", "version", "tenant", "issuer"}},
	{"signature", (*check).signature, []string{"form", "algorithm", "header", "version", "tenant", "issuer", "key"}},
	{"expiry", (*check).expiry, []string{"form"}},
	{"not-before", (*check).notBefore, []string{"form"}},
	{"lifetime", (*check).lifetime, []string{"form", "expiry", "not-before"}},
	{"audience", (*check).audience, []string{"form", "kind", "id-token"}},
	{"profile", checkClosed, []string{"form", "version"}},
	{"subject", (*check).subject, []string{"form", "kind"}},
	{"client", (*check).client, []string{"form", "kind", "id-token"}},
	{"rights", (*check).rights, []string{"form", "kind", "id-token"}},
	{"caller-kind", (*check).callerKind, []string{"form", "kind", "rights"}},
	{"guest", (*check).guest, []string{"form", "kind", "caller-kind"}},
}

// form takes a token apart and looks whose it claims to be.
func (k *check) form(context.Context) (e *acsauth.Error) {
	if k.raw, e = splitCompact(k.token); e != nil {
		return e
	}
	if k.header, e = parsePart("header", k.raw.header, headerNames); e != nil {
		return e
	}
	if k.c, e = parseClaims(k.raw.payload); e != nil {
		return e
	}
	k.choice, k.chosen = k.v.choose(k.c)
	return nil
}

// hints is the issuer whose settings hints are about.
func (k *check) hints() *issuer {
	if k.iss == nil {
		return k.v.issuers[0]
	}
	return k.iss
}

// version, knownTenant and knownIssuer tell apart why a token is of no issuer.
func (k *check) version(context.Context) *acsauth.Error     { return k.chosenIf(tokenVersion) }
func (k *check) knownTenant(context.Context) *acsauth.Error { return k.chosenIf(tokenTenant) }
func (k *check) knownIssuer(context.Context) *acsauth.Error { return k.chosenIf(tokenIssuer) }

func (k *check) chosenIf(code string) *acsauth.Error {
	if k.chosen != nil && k.chosen.Code == code {
		return k.chosen
	}
	return nil
}

// findKey gets the key from memory, or waits for one load that may bring it.
func (k *check) findKey(ctx context.Context) *acsauth.Error {
	if uncontrolled("signature") || k.unsigned() {
		return nil
	}
	if k.src == nil {
		return k.chosen
	}
	fresh, e := k.load(ctx)
	if e != nil {
		return e
	}
	k.key, e = k.src.find(ctx, keyID{k.src.id, k.p, k.kid, k.alg}, fresh)
	return e
}

// load sees to it that the keys can be used, and reports whether they were loaded
// for that. A load may tell the v1 issuer of a cloud; then the choice is made once more, between the clouds at most.
func (k *check) load(ctx context.Context) (fresh bool, e *acsauth.Error) {
	var loaded *source
	for range len(k.v.issuers) + 1 {
		src := k.src
		known := src.issuer(k.p) != ""
		now, e := src.ensure(ctx, k.p)
		if e != nil || known {
			return now || loaded == src, e
		}
		if loaded = nil; now {
			loaded = src
		}
		if k.choice, k.chosen = k.v.choose(k.c); k.chosen != nil {
			return false, k.chosen
		}
	}
	return false, k.foreignIssuer(k.c)
}

// unsigned is for a test build that takes any algorithm, and so none, too.
func (k *check) unsigned() bool { return uncontrolled("algorithm") && algorithms[k.alg].kty == "" }

func (k *check) signature(context.Context) *acsauth.Error {
	if k.unsigned() || algorithms[k.alg].verify(k.key, k.raw) {
		return nil
	}
	return mismatch(tokenSignature, "a signature by key "+show(k.kid), "another one", "The signature of the token is wrong.",
		"Send the token as MSAL returned it. A token that was changed, cut or made up fails here.")
}
