package broker

import (
	"errors"
	"net/http"

	"github.com/acs-solutions/acsauth/acsidentity"
)

// An outcome is what is known about a create.
type outcome uint8

const (
	unknown  outcome = iota // it may have made an identity, or may still make one
	noEffect                // it surely made none
	made                    // it made the identity that the answer names
)

// classify is total, and errs towards unknown: only a request that surely
// never left and a definite refusal count as no effect.
func classify(err error) outcome {
	if err == nil {
		return made
	}
	e, ok := errors.AsType[*acsidentity.Error](err)
	if !ok {
		return unknown
	}
	switch e.StatusCode {
	case 0:
		if !e.Sent {
			return noEffect
		}
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		return noEffect
	}
	return unknown
}
