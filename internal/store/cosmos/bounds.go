package cosmos

import (
	"errors"
	"fmt"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// checkRow refuses a row that cannot be stored, before it can spoil anything.
func checkRow(m acsauth.Mapping) error {
	var form error
	switch {
	case m.State != acsauth.Pending && m.State != acsauth.Active && m.State != acsauth.Deleting:
		form = fmt.Errorf("there is no state %q", m.State)
	case m.Attempt == "":
		form = errors.New("the row has no attempt")
	case (m.State == acsauth.Pending) != (m.Identity == ""):
		form = errors.New("a pending row has no identity, and every other row has one")
	}
	return errors.Join(form, m.Check())
}

// checkLine does the same for a line; nil is fine.
func checkLine(l *acsauth.JournalLine) error {
	if l == nil {
		return nil
	}
	var form error
	switch {
	case l.Kind != acsauth.Suspect && l.Kind != acsauth.Orphan && l.Kind != acsauth.Left:
		form = fmt.Errorf("there is no kind of line %q", l.Kind)
	case l.Kind != acsauth.Suspect && l.Identity == "":
		form = fmt.Errorf("a line of kind %s names an identity", l.Kind)
	case !isHash(l.User):
		form = errors.New("the user of a line is not the hash of a key")
	}
	return errors.Join(form, l.Check())
}

// isHash: it has the form of UserKey.Hash, so its partition is that of a user.
func isHash(user string) bool { return len(user) == 64 && strings.Trim(user, "0123456789abcdef") == "" }
