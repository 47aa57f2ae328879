package client

import (
	"fmt"
	"net/http"
	"time"
)

// An Error is a call that failed.
type Error struct {
	Op     string // the method
	Status int    // of the answer; 0 if there was none
	// Code is the stable name of the reason: a problem code of the server (docs/errors.md), or one of this package: network,
	// answer_invalid, clock_wrong, access_token.
	Code                                 string
	Title, Detail, Hint, Expected, Found string
	RequestID                            string        // names the request in the server's log
	RetryAfter                           time.Duration // 0: not said
	Err                                  error         // the cause, if it is not the server's answer

	claims string // of a claims challenge
}

// Error says what happened and what to change.
func (e *Error) Error() string {
	s := fmt.Sprintf("acsauth: %s: %s", e.Op, e.Code)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Hint != "" {
		s += " " + e.Hint
	}
	if e.Err != nil {
		s += " (" + e.Err.Error() + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// mayPass reports whether a repeat of the same call may succeed.
func (e *Error) mayPass() bool {
	return e.Code == "network" || e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}
