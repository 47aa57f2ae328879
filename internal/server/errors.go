package server

import (
	"errors"
	"time"

	"github.com/acs-solutions/acsauth"
)

// errStopping is the cause of a context that ended because the grace period was over.
var errStopping = errors.New("server: the grace period of the stop is over")

func invalid(code, detail, hint string) error {
	return &acsauth.Error{Kind: acsauth.Invalid, Code: code, Op: "server", Detail: detail, Hint: hint}
}

func errRequest(detail, hint string) error { return invalid("request_malformed", detail, hint) }

func errBody(detail string) error {
	return invalid("body_invalid", detail, "Send a JSON object with the members that the API description names, or no body at all.")
}

func errBodyTooLarge() error {
	return invalid("body_too_large", "The body is longer than 16384 bytes.", "Send only the members that the API description names.")
}

func errMediaType() error {
	return invalid("media_type_unsupported", "The body is not sent as application/json.",
		"Send one header 'Content-Type: application/json', in UTF-8 and without Content-Encoding.")
}

func errMethod(allow string) error {
	return invalid("method_not_allowed", "This route does not have this method.", "Use one of "+allow+".")
}

func errNoRoute() error {
	return &acsauth.Error{Kind: acsauth.NotFound, Code: "route_not_found", Op: "server",
		Detail: "There is no such route.",
		Hint:   "Paths match exactly: no trailing slash, no double slash, no escapes. GET /openapi.yaml lists them."}
}

func errQueryToken() error {
	return invalid("token_malformed", "The access token is in the query of the URL.",
		"Send it in the header 'Authorization: Bearer <access token>'. The one in the URL may be in logs by now: get a new one.")
}

func errLifetime() error {
	return invalid("lifetime_invalid", "expiresInMinutes is outside 60 to 1440.", "Leave it out to get the lifetime of the policy.")
}

func errOverloaded() error {
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: "overloaded", Op: "server", RetryAfter: time.Second,
		Detail: "The server has too many requests at work.", Hint: "Repeat the call."}
}

func errShuttingDown() *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: "shutting_down", Op: "server", RetryAfter: time.Second,
		Detail: "The server is shutting down.", Hint: "Repeat the call; another instance or the next one will answer."}
}

func errTimeout(err error) *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.Timeout, Code: "request_timeout", Op: "server", Err: err, RetryAfter: time.Second,
		Detail: "The request took longer than 35 seconds.", Hint: "Repeat the call."}
}

func errInternal(err error) *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Op: "server", Err: err,
		Detail: "The server failed.", Hint: "Operator: the cause is in the log under the request id, the instance of this document."}
}

func forbidden(code, detail, hint string) *acsauth.Error {
	return &acsauth.Error{Kind: acsauth.Forbidden, Code: code, Op: "server", Detail: detail, Hint: hint}
}

func errAudit(err error) error {
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: "audit_unavailable", Op: "server", Err: err, RetryAfter: 5 * time.Second,
		Detail: "The audit log cannot be written, and nothing is handed out that is not written down.",
		Hint:   "Repeat the call later. Operator: the cause is in the log; most often the disk of ACSAUTH_AUDIT is full."}
}
