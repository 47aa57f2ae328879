package sqlite

import (
	"errors"

	"github.com/acs-solutions/acsauth"
)

// maxKey is the longest issuer and subject together, in bytes: a cursor holds both.
const maxKey = 3000

// checkRow refuses a row that cannot be stored, before it can spoil anything.
func checkRow(m acsauth.Mapping) error {
	return errors.Join(m.Check(), acsauth.CheckLen("issuer and subject", m.Key.Issuer+m.Key.Subject, maxKey))
}
