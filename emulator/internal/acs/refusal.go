package acs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// refusal is an error answer of the service.
type refusal struct {
	status     int
	code       string
	message    string
	target     string
	retryAfter string // value of the Retry-After header
	allow      string // value of the Allow header
	reason     string // for the log only; holds nothing secret
}

// envelope is the body of an error answer.
type envelope struct {
	Error envelopeError `json:"error"`
}

type envelopeError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target,omitempty"`
}

func (f *refusal) envelope() envelope {
	return envelope{envelopeError{Code: f.code, Message: f.message, Target: f.target}}
}

func denied(reason string) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, code: "Denied",
		message: "Denied by the resource provider.", reason: reason,
	}
}

func notOwned(reason string) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, code: "IdentityNotOwned",
		message: "Provided identity doesn't belong to the resource.", reason: reason,
	}
}

func invalidAccessToken(reason string) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, code: "InvalidAccessToken",
		message: "Provided access token is not valid.", reason: reason,
	}
}

func forbidden(reason string) *refusal {
	return &refusal{
		status: http.StatusForbidden, code: "Forbidden",
		message: "The user is not permitted to access the resource.", reason: reason,
	}
}

func invalid(target, message string) *refusal {
	return &refusal{
		status: http.StatusBadRequest, code: "ValidationError",
		message: message, target: target,
	}
}

func internal(reason string) *refusal {
	return &refusal{
		status: http.StatusInternalServerError, code: "InternalServerError",
		message: "The service could not complete the request.", reason: reason,
	}
}

// plain is a refusal whose code is the name of its status.
func plain(status int, message string) *refusal {
	return &refusal{status: status, code: statusCode(status), message: message}
}

// statusCode turns 503 into "ServiceUnavailable".
func statusCode(status int) string {
	if name := http.StatusText(status); name != "" {
		return strings.NewReplacer(" ", "", "-", "", "'", "").Replace(name)
	}
	return fmt.Sprintf("Status%d", status)
}

// registryRefusal turns an error of the registry into an answer.
func registryRefusal(err error) *refusal {
	switch {
	case errors.Is(err, errNotOwned):
		return notOwned(err.Error())
	case errors.Is(err, errFull):
		return plain(http.StatusServiceUnavailable, "The emulator holds as many identities or assignments as it can.")
	}
	return internal(err.Error())
}
