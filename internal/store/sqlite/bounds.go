package sqlite

import (
	"errors"
	"fmt"

	"github.com/acs-solutions/acsauth"
)

// Longest values, in bytes. The contract fixes the first two.
const (
	maxAttempt  = 64
	maxResource = 256
	maxText     = 4096 // issuer, subject, user hash, request id, names of locks and holders
)

// bound refuses a value that is too long to keep. It does not show the value.
func bound(what, value string, limit int) error {
	if len(value) > limit {
		return fmt.Errorf("%s has %d bytes, and at most %d are kept", what, len(value), limit)
	}
	return nil
}

// checkRow refuses a row that cannot be stored, before it can spoil anything.
func checkRow(m acsauth.Mapping) error {
	return errors.Join(
		bound("issuer", m.Key.Issuer, maxText),
		bound("subject", m.Key.Subject, maxText),
		bound("attempt", m.Attempt, maxAttempt),
		bound("identity", string(m.Identity), acsauth.MaxIdentityLen),
		bound("resource", m.Resource, maxResource),
	)
}

// checkLine does the same for a line; nil is fine.
func checkLine(l *acsauth.JournalLine) error {
	if l == nil {
		return nil
	}
	return errors.Join(
		bound("user", l.User, maxText),
		bound("attempt", l.Attempt, maxAttempt),
		bound("identity", string(l.Identity), acsauth.MaxIdentityLen),
		bound("resource", l.Resource, maxResource),
		bound("request id", l.RequestID, maxText),
	)
}
