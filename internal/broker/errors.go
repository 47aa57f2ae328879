package broker

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/quota"
)

func notFound(op string) error {
	return &acsauth.Error{Kind: acsauth.NotFound, Code: "identity_not_found", Op: op,
		Detail: "This user has no ACS identity.",
		Hint:   "Call POST /getUser or POST /api/user to create one, or POST /getToken, which creates it by itself."}
}

func anotherResource(op string) error {
	return &acsauth.Error{Kind: acsauth.Conflict, Code: "identity_of_another_resource", Op: op,
		Detail: "The stored identity belongs to another ACS resource than the one this server uses.",
		Hint:   "Operator: point the server at the ACS resource that made the identity, or let users have new identities with ACSAUTH_REHOME=recreate. Check ACSAUTH_ACS_RESOURCE."}
}

func lost(op string, err error) error {
	return &acsauth.Error{Kind: acsauth.Conflict, Code: "identity_lost", Op: op, Err: err,
		Detail: "ACS no longer knows the identity of this user.",
		Hint:   "It was deleted at ACS behind this server's back. DELETE /api/user and then POST /getUser give the user a new one; old chats stay with the old one."}
}

func deleting(op string) error {
	return &acsauth.Error{Kind: acsauth.Conflict, Code: "deletion_in_progress", Op: op, RetryAfter: time.Second,
		Detail: "The identity of this user is being deleted.", Hint: "Repeat the call after a short while."}
}

func pending(op string) error {
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: "identity_pending", Op: op, RetryAfter: 2 * time.Second,
		Detail: "Another call is creating the identity of this user and has not finished.", Hint: "Repeat the call."}
}

func outcomeUnknown(op string, err error) error {
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: "create_outcome_unknown", Op: op, Err: err, RetryAfter: 2 * time.Second,
		Detail: "ACS did not answer clearly whether the identity was created.",
		Hint:   "Repeat the call: it is safe. The journal holds what may be left at ACS."}
}

// storeError is for any store error that is not a sentinel.
func storeError(op string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if e, ok := errors.AsType[*acsauth.Error](err); ok { // the store knows better: a sign-in is needed, or a right
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &acsauth.Error{Kind: acsauth.Timeout, Code: "store_timeout", Op: op, Err: err, RetryAfter: time.Second,
			Detail: "The identity store did not answer in time.", Hint: "Repeat the call."}
	}
	return &acsauth.Error{Kind: acsauth.Unavailable, Code: "store_unavailable", Op: op, Err: err, RetryAfter: time.Second,
		Detail: "The identity store cannot serve now.", Hint: "Repeat the call. Operator: the cause is in the log under the request id."}
}

// acsError translates an error of the ACS client, but for IdentityNotOwned,
// whose meaning depends on the operation.
func acsError(op string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if shed, ok := errors.AsType[*quota.ShedError](err); ok {
		return &acsauth.Error{Op: op, Err: err, Kind: acsauth.Throttled, Code: "acs_throttled", RetryAfter: shed.RetryAfter,
			Detail: "ACS limits the number of calls of this resource, and there is no room for this one now.",
			Hint:   "Repeat after the time in Retry-After: there will be room then. Operator: ACSAUTH_ACS_QUOTA and ACSAUTH_REPLICAS; docs/performance.md says how the limits are used."}
	}
	e, ok := errors.AsType[*acsidentity.Error](err)
	if !ok {
		return &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Op: op, Err: err}
	}
	out := &acsauth.Error{Op: op, Err: err, RetryAfter: e.RetryAfter}
	switch {
	case e.StatusCode == http.StatusTooManyRequests:
		out.Kind, out.Code = acsauth.Throttled, "acs_throttled"
		out.RetryAfter = max(out.RetryAfter, time.Second)
		out.Detail, out.Hint = "ACS limits the number of calls of this resource.", "Repeat after the time in Retry-After."
	case e.StatusCode == http.StatusUnauthorized || e.StatusCode == http.StatusForbidden:
		out.Kind, out.Code = acsauth.Rejected, "acs_denied"
		out.Detail = "ACS refuses the credential of this server."
		out.Hint = "Operator: check the connection string or the role of the managed identity, and the clock of the machine."
	case e.StatusCode >= 500 || (e.StatusCode == 0 && !errors.Is(err, context.DeadlineExceeded) && e.Code == ""):
		out.Kind, out.Code = acsauth.Unavailable, "acs_unavailable"
		out.RetryAfter = max(out.RetryAfter, time.Second)
		out.Detail, out.Hint = "ACS cannot be reached or cannot serve now.", "Repeat the call."
	case e.StatusCode == 0 && e.Code == "":
		out.Kind, out.Code = acsauth.Timeout, "acs_timeout"
		out.RetryAfter = max(out.RetryAfter, time.Second)
		out.Detail, out.Hint = "ACS did not answer in time.", "Repeat the call."
	default:
		out.Kind, out.Code = acsauth.Rejected, "acs_rejected"
		out.Detail = "ACS refuses a request of this server."
		out.Hint = "Operator: the cause is in the log under the request id. Check ACSAUTH_ACS_API_VERSION and the endpoint."
	}
	return out
}

// acsCode returns the error code of ACS, or "".
func acsCode(err error) string {
	if e, ok := errors.AsType[*acsidentity.Error](err); ok {
		return e.Code
	}
	return ""
}
