package broker

import (
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A wish is what a token is asked for: scopes that are known, sorted and single, and a lifetime. The zero value asks for none.
type wish struct {
	scopes []acsauth.Scope
	life   time.Duration
}

// A form is a wish as a value that can be compared.
type form struct {
	scopes  uint8 // bit n stands for scope n of acsauth.AllScopes
	minutes uint16
}

func (w wish) form() (f form) {
	for n, s := range acsauth.AllScopes() {
		if slices.Contains(w.scopes, s) {
			f.scopes |= 1 << n
		}
	}
	f.minutes = uint16(w.life / time.Minute) // at most 1440
	return f
}

// held is what a call got to know about the identity of its caller.
type held struct {
	id acsauth.Identity
	// attempt is that of the row, and so the version that its tokens belong to:
	// a revocation gives the row another one. "": not known.
	attempt string
	// token came with the identity, for the wish of the call that made it; nil if none did.
	token  *acsauth.AccessToken
	wished form
}
