package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/acs-solutions/acsauth"
)

// The problem codes of this package.
const (
	codeClient      = "entra_client_rejected"
	codeUnavailable = "entra_unavailable"
	codeThrottled   = "entra_throttled"
	codeTimeout     = "entra_timeout"
	codeConsent     = "consent_required"
	codeStepUp      = "step_up_required"
	codeAssertion   = "assertion_rejected"
	codeUser        = "entra_user_refused"
)

// maxHold bounds what a Retry-After can impose.
const maxHold = time.Minute

// AADSTS numbers by what they mean for us. All others go by the OAuth error.
var (
	consentCodes   = []int{65001, 65004, 90094, 90095}
	stepUpCodes    = []int{50072, 50074, 50076, 50078, 50079, 50158}
	assertionCodes = []int{50013, 500133, 50173, 700082, 70008, 50132, 50133, 70043}
	userCodes      = []int{50057, 7000114, 53000, 53001, 53002, 53003, 53004, 530032, 50034, 50105}
	passingCodes   = []int{90055, 90033, 90006, 90024, 50033}
)

// clientErrors are OAuth errors that our own configuration causes.
var clientErrors = []string{"invalid_client", "unauthorized_client", "invalid_resource", "invalid_scope", "invalid_request", "unsupported_grant_type"}

// refusal translates an answer that is not 200.
func refusal(status int, h http.Header, text []byte, now time.Time) *acsauth.Error {
	f := readFailure(text)
	code, cause := f.code(), f.cause(status)
	has := func(codes []int) bool { return slices.Contains(codes, code) }
	switch {
	case status == http.StatusTooManyRequests || code == 50196:
		return throttled(retryAfter(h, now), cause)
	case status >= 500 || has(passingCodes) || f.Error == "temporarily_unavailable":
		return unavailable(max(retryAfter(h, now), time.Second), cause)
	case status/100 == 3 || status < 400:
		return strange(cause)
	case has(consentCodes) || f.Suberror == "consent_required" || f.Error == "consent_required":
		return &acsauth.Error{Kind: acsauth.StepUp, Code: codeConsent, Op: op, Err: cause, Claims: f.Claims,
			Expected: "consent to User.ReadWrite of Microsoft Graph for this server's application", Found: number(code),
			Detail: "Nobody has consented that this server reads and writes the user's profile in Microsoft Graph.",
			Hint:   "Sign in again and consent, or ask an administrator to consent to User.ReadWrite for this server's application."}
	case has(stepUpCodes) || f.Claims != "" || f.Error == "interaction_required":
		return StepUp(f.Claims, cause)
	case has(assertionCodes):
		return rejectedAssertion(cause)
	case has(userCodes):
		return &acsauth.Error{Kind: acsauth.Forbidden, Code: codeUser, Op: op, Err: cause,
			Expected: "a user for whom Microsoft Entra ID gives this server a token", Found: number(code),
			Detail: "Microsoft Entra ID does not let this server act for this user.",
			Hint:   "An administrator finds the reason in the sign-in log of the tenant, for example a blocked account or a policy."}
	case f.Error == "invalid_grant" && code != 500131:
		return rejectedAssertion(cause)
	}
	return rejectedClient(code, f.Error, cause)
}

// StepUp is the error for a claims challenge; claims is JSON or empty.
func StepUp(claims string, cause error) *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.StepUp, Code: codeStepUp, Op: op, Err: cause, Claims: claims,
		Expected: "a sign-in that meets the claims of the challenge", Found: "an older or weaker sign-in",
		Detail: "Microsoft Entra ID wants the user to sign in again, with more than before.",
		Hint:   "Get a new access token with the claims of the challenge and repeat the call."}
}

// number names the reason of Entra ID, which everybody can look up.
func number(code int) string {
	if code == 0 {
		return "a refusal"
	}
	return "a refusal, AADSTS" + strconv.Itoa(code)
}

func rejectedAssertion(cause error) *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.Unauthenticated, Code: codeAssertion, Op: op, Err: cause,
		Expected: "an access token that Microsoft Entra ID still takes", Found: "one that was revoked or is over",
		Detail: "Microsoft Entra ID no longer takes the access token of this call.", Hint: "Get a new access token and repeat the call."}
}

// clientHints say what to change, by AADSTS number.
var clientHints = map[int]string{
	7000215: "Operator: the client secret is wrong. Use the value of the secret, not its id.",
	7000222: "Operator: the client secret is over. Make a new one, or better use a managed identity or a certificate.",
	700027:  "Operator: the certificate is not registered with the application, or its key does not fit.",
	7000274: "Operator: the certificate is not accepted any more. Register a new one.",
	7000277: "Operator: the certificate is not accepted any more. Register a new one.",
	700024:  "Operator: the client assertion is outside its time range. Check the clock of the machine.",
	700211:  "Operator: the application has no federated credential for this issuer.",
	700212:  "Operator: the application has no federated credential for this audience.",
	700213:  "Operator: the application has no federated credential for this subject.",
	700016:  "Operator: the application is not known in this tenant. Check the client id and the tenant.",
	500131:  "Operator: the tokens of the callers are for another application than the configured client id.",
	650057:  "Operator: add the permission User.ReadWrite of Microsoft Graph to the application.",
}

// rejectedClient is for what only the operator can change.
func rejectedClient(code int, oauth string, cause error) *acsauth.Error {
	hint := clientHints[code]
	if hint == "" && !slices.Contains(clientErrors, oauth) {
		hint = "Operator: the AADSTS number is in the log under the request id."
	}
	if hint == "" {
		hint = "Operator: check client id, credential and tenant of this server; the AADSTS number is in the log under the request id."
	}
	return &acsauth.Error{Kind: acsauth.Rejected, Code: codeClient, Op: op, Err: cause,
		Detail: "Microsoft Entra ID refuses the application of this server.", Hint: hint}
}

func throttled(wait time.Duration, cause error) *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.Throttled, Code: codeThrottled, Op: op, Err: cause, RetryAfter: min(max(wait, time.Second), maxHold),
		Detail: "Microsoft Entra ID limits the rate of token requests.", Hint: "Repeat after the time in Retry-After."}
}

func unavailable(wait time.Duration, cause error) *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: codeUnavailable, Op: op, Err: cause, RetryAfter: wait,
		Detail: "Microsoft Entra ID cannot be reached or cannot serve now.", Hint: "Repeat the call."}
}

// strange is for an answer that cannot be understood.
func strange(cause error) *acsauth.Error { return unavailable(time.Second, cause) }

// unreachable is for a request that got no answer.
func unreachable(err error) *acsauth.Error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // the address adds nothing
	}
	if errors.Is(err, context.DeadlineExceeded) {
		// The limit of the request passed, not the caller's own: that one is reported by whoever waits.
		return &acsauth.Error{Kind: acsauth.Timeout, Code: codeTimeout, Op: op, Err: errors.New("no answer in time"), RetryAfter: time.Second,
			Detail: "Microsoft Entra ID did not answer in time.", Hint: "Repeat the call."}
	}
	return unavailable(time.Second, fmt.Errorf("no answer: %w", err))
}

// retryAfter reads the header, in seconds or as a date: 0 to a minute, 0 if absent or not understood.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxHold)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), maxHold)
	}
	return 0
}
