package acsauth

import (
	"errors"
	"fmt"
)

// The longest values that a Store has to keep, in bytes.
const (
	MaxAttemptLen  = 64
	MaxResourceLen = 256
	MaxUserLen     = 1024 // of JournalLine.User
	MaxTextLen     = 4096 // issuer, subject, request id, names of locks and holders
)

// MaxLimit is the most that one call of a Store lists.
const MaxLimit = 1000

// CheckLen says that a value is too long to keep. It does not show the value.
func CheckLen(what, value string, most int) error {
	if len(value) > most {
		return fmt.Errorf("%s: %d bytes, and at most %d are kept", what, len(value), most)
	}
	return nil
}

// CheckLimit refuses a limit that is not 1 to [MaxLimit].
func CheckLimit(limit int) error {
	if limit < 1 || limit > MaxLimit {
		return fmt.Errorf("limit %d is not 1 to %d", limit, MaxLimit)
	}
	return nil
}

// Check says what a Store cannot keep of m, before it can spoil anything.
func (m Mapping) Check() error {
	return errors.Join(
		CheckLen("issuer", m.Key.Issuer, MaxTextLen),
		CheckLen("subject", m.Key.Subject, MaxTextLen),
		CheckLen("attempt", m.Attempt, MaxAttemptLen),
		CheckLen("identity", string(m.Identity), MaxIdentityLen),
		CheckLen("resource", m.Resource, MaxResourceLen),
	)
}

// Check does the same for a line; nil is fine. Answer is cut and not refused.
func (l *JournalLine) Check() error {
	if l == nil {
		return nil
	}
	return errors.Join(
		CheckLen("user", l.User, MaxUserLen),
		CheckLen("attempt", l.Attempt, MaxAttemptLen),
		CheckLen("identity", string(l.Identity), MaxIdentityLen),
		CheckLen("resource", l.Resource, MaxResourceLen),
		CheckLen("request id", l.RequestID, MaxTextLen),
	)
}
