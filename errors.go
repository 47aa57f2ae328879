package acsauth

import (
	"errors"
	"time"
)

// A Kind classes an error by what the caller can do about it. It is itself an
// error, so errors.Is(err, Throttled) works on anything that wraps an [Error].
type Kind uint8

// The kinds of errors. An error without a kind is Internal.
const (
	Internal        Kind = iota // a fault of ours
	Invalid                     // the request itself is wrong
	Unauthenticated             // no token, or one that is not accepted
	StepUp                      // the user must sign in again, with more
	Forbidden                   // the token is good, its rights are not enough
	NotFound                    // there is no such mapping
	Conflict                    // the mapping is in a state that excludes the operation
	Throttled                   // too many requests, here or at ACS
	Rejected                    // an upstream refuses us: our configuration is wrong
	Unavailable                 // an upstream or the store cannot serve now
	Timeout                     // a deadline passed
)

var kindNames = [...]string{
	Internal: "internal", Invalid: "invalid", Unauthenticated: "unauthenticated", StepUp: "step_up",
	Forbidden: "forbidden", NotFound: "not_found", Conflict: "conflict", Throttled: "throttled",
	Rejected: "rejected", Unavailable: "unavailable", Timeout: "timeout",
}

// Error returns the name of the kind, which is also its metric label.
func (k Kind) Error() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Internal]
}

// An Error is a failed operation, told twice: once for the caller and once for the log.
type Error struct {
	Kind Kind
	// Code is the stable name of the reason, one of the codes in docs/errors.md.
	Code string
	// Op is the operation that failed, a constant such as "broker.EnsureIdentity".
	Op string
	// Detail says what happened, in words that may leave the house.
	Detail string
	// Hint says what to change, and where. It may leave the house.
	Hint string
	// Expected and Found are the two sides of the one rule that failed, where
	// there is one. Both may leave the house: what was found is of the caller's own
	// request, and never a token.
	Expected, Found string
	// Err is the cause. It is for the log and never leaves the house.
	Err error
	// RetryAfter is when a repeat may succeed. Zero: not known.
	RetryAfter time.Duration
	// Claims is a claims challenge of Entra ID for a StepUp, as JSON.
	Claims string
}

// Error describes e for the log. It may hold text of the cause; it must not be sent to a caller.
func (e *Error) Error() string {
	s := e.Op + ": " + e.Code
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap yields both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// KindOf returns the kind of the outermost Error in err, or Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
