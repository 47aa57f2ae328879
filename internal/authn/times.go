package authn

import (
	"time"

	"github.com/acs-solutions/acsauth"
)

// maxLife is the longest life of an access token. Entra ID gives 60 to 90
// minutes, and 20 to 28 hours to clients that can be told of revocation.
const maxLife = 28 * time.Hour

const clockHint = "Check the clock of this server (NTP)."

// checkTimes compares exp, nbf and iat with the clock, and with each other.
func checkTimes(c claims, now time.Time, skew time.Duration) *acsauth.Error {
	if !c.exp.set || !c.iat.set {
		return refuse(tokenLifetime, "The token has no exp or no iat claim.", "Tokens of Microsoft Entra ID have both.")
	}
	sec, leeway := now.Unix(), int64(skew/time.Second)
	if sec >= c.exp.sec+leeway {
		return expired(c.exp.sec, sec)
	}
	if from := max(c.nbf.sec, c.iat.sec); from > sec+leeway {
		return refuse(tokenNotYetValid, "The token is valid from "+stamp(from)+" on; the clock here says "+stamp(sec)+".", clockHint)
	}
	if c.exp.sec <= max(c.iat.sec, c.nbf.sec) || c.exp.sec-c.iat.sec > int64(maxLife/time.Second) {
		return refuse(tokenLifetime, "The token lives from "+stamp(c.iat.sec)+" to "+stamp(c.exp.sec)+", which is not possible for an access token.",
			"Tokens of Microsoft Entra ID live at most 28 hours.")
	}
	return nil
}

func expired(exp, now int64) *acsauth.Error {
	hint := "Call acquireTokenSilent before each request; it renews the token in time."
	if now-exp < 600 {
		hint = clockHint + " " + hint
	}
	return refuse(tokenExpired, "The token expired at "+stamp(exp)+"; the clock here says "+stamp(now)+".", hint)
}
