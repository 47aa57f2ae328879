package acsidentity

import (
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/acs-solutions/acsauth"
)

const (
	maxScopes      = 16
	maxCustomIDLen = 256
)

var (
	errNoScopes = errors.New("no scopes were given")
	scopeForm   = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,63}$`)
)

// invalid returns the error of arguments that are wrong; nothing was sent.
func invalid(op string, err error) *Error {
	return &Error{Op: op, Code: CodeValidationError, Err: err}
}

// checkExpiresIn returns the lifetime in whole minutes, 0 for the service's default.
func checkExpiresIn(d time.Duration) (int, error) {
	if d == 0 {
		return 0, nil
	}
	whole := d.Truncate(time.Minute)
	if whole < acsauth.MinTokenLifetime || whole > acsauth.MaxTokenLifetime {
		return 0, fmt.Errorf("a token lives %d to %d minutes, not %v",
			int(acsauth.MinTokenLifetime.Minutes()), int(acsauth.MaxTokenLifetime.Minutes()), d)
	}
	return int(whole / time.Minute), nil
}

// checkScopes checks the form only: the service's list of scopes is open.
func checkScopes(scopes []acsauth.Scope) error {
	if len(scopes) > maxScopes {
		return fmt.Errorf("more than %d scopes were given", maxScopes)
	}
	for i, s := range scopes {
		if !scopeForm.MatchString(string(s)) {
			return fmt.Errorf("scope %d does not look like a scope", i+1)
		}
	}
	return nil
}

func checkIdentity(id acsauth.Identity) error {
	if !id.Valid() {
		return errors.New("the identity is not of the form 8:acs:<resource>_<user>")
	}
	return nil
}

func checkCustomID(id, version string) error {
	switch {
	case id == "":
		return nil
	case version != CustomIDAPIVersion:
		return fmt.Errorf("a custom id needs API version %s, and this client uses %s", CustomIDAPIVersion, version)
	case len(id) > maxCustomIDLen || !utf8.ValidString(id):
		return fmt.Errorf("a custom id is at most %d bytes of UTF-8", maxCustomIDLen)
	}
	return nil
}

// valueOf returns the options, or their zero value for nil.
func valueOf[T any](options *T) T {
	if options == nil {
		var zero T
		return zero
	}
	return *options
}
