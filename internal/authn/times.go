package authn

import (
	"context"
	"time"

	"github.com/acs-solutions/acsauth"
)

// maxLife is the longest life of an access token. Entra ID gives 60 to 90
// minutes, and 20 to 28 hours to clients that can be told of revocation.
const maxLife = 28 * time.Hour

const clockHint = "Check the clock of this server (NTP)."

// expiry wants exp and iat, and exp in the future.
func (k *check) expiry(context.Context) *acsauth.Error {
	c, sec := k.c, k.now.Unix()
	if !c.exp.set || !c.iat.set {
		return mismatch(tokenLifetime, "exp and iat", "one of them is missing", "The token has no exp or no iat claim.", "Access tokens of Microsoft Entra ID, and of RFC 9068, have both.")
	}
	if sec >= c.exp.sec+k.leeway() {
		return expired(c.exp.sec, sec)
	}
	return nil
}

// notBefore wants nbf and iat in the past.
func (k *check) notBefore(context.Context) *acsauth.Error {
	from, sec := max(k.c.nbf.sec, k.c.iat.sec), k.now.Unix()
	if from <= sec+k.leeway() {
		return nil
	}
	return mismatch(tokenNotYetValid, "nbf and iat before "+stamp(sec), stamp(from), "The token is valid from "+stamp(from)+" on; the clock here says "+stamp(sec)+".", clockHint)
}

// lifetime refuses a life that no access token has.
func (k *check) lifetime(context.Context) *acsauth.Error {
	c := k.c
	if !c.exp.set || !c.iat.set || c.exp.sec > max(c.iat.sec, c.nbf.sec) && c.exp.sec-c.iat.sec <= int64(maxLife/time.Second) {
		return nil
	}
	return mismatch(tokenLifetime, "a life of at most 28 hours", stamp(c.iat.sec)+" to "+stamp(c.exp.sec),
		"The token lives from "+stamp(c.iat.sec)+" to "+stamp(c.exp.sec)+", which is not possible for an access token.",
		"Tokens of Microsoft Entra ID live at most 28 hours; other issuers must be set to that, too.")
}

// leeway is how many seconds clocks may differ.
func (k *check) leeway() int64 { return int64(k.v.opt.Skew / time.Second) }

func expired(exp, now int64) *acsauth.Error {
	hint := "Call acquireTokenSilent before each request; it renews the token in time."
	if now-exp < 600 {
		hint = clockHint + " " + hint
	}
	return mismatch(tokenExpired, "exp after "+stamp(now), stamp(exp), "The token expired at "+stamp(exp)+"; the clock here says "+stamp(now)+".", hint)
}
