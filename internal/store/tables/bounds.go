package tables

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acs-solutions/acsauth"
)

// checkRow refuses a row that cannot be stored, before it can spoil anything.
func checkRow(m acsauth.Mapping) error {
	return errors.Join(
		m.Check(),
		plainText("attempt", m.Attempt),
		plainText("identity", string(m.Identity)),
		plainText("resource", m.Resource),
	)
}

// checkLine does the same for a line; nil is fine.
func checkLine(l *acsauth.JournalLine) error {
	if l == nil {
		return nil
	}
	return errors.Join(
		checkHash(l.User),
		l.Check(),
		plainText("identity", string(l.Identity)),
		plainText("resource", l.Resource),
		plainText("request id", l.RequestID),
	)
}

// checkHash refuses a user that is no UserKey.Hash: it names a partition.
func checkHash(user string) error {
	if !isHash(user) {
		return errors.New("user is not the hash of a user key")
	}
	return nil
}

func isHash(s string) bool {
	return len(s) == hashLen && strings.Trim(s, "0123456789abcdef") == ""
}

// plainText refuses what a string property would not give back byte for byte.
func plainText(what, value string) error {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("%s is not UTF-8 without control characters", what)
	}
	return nil
}
