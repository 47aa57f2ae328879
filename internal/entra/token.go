package entra

import (
	"crypto/sha256"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A Token is an access token of Entra ID.
type Token struct {
	Value   string
	Expires time.Time
	slot    slot // what it was asked for
}

// LogValue keeps the token out of logs.
func (t Token) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// String keeps the token out of formatted text.
func (t Token) String() string { return "entra.Token([redacted])" }

// GoString keeps the token out of %#v.
func (t Token) GoString() string { return t.String() }

// A slot is what a token is kept under: for whom, for what, and by which proof.
type slot struct {
	tenant    string
	user      acsauth.UserKey // zero for the application's own token
	scopes    string
	assertion [sha256.Size]byte // of the user's own token
}

// userSlot is the slot of a token on behalf of a user.
func userSlot(tenant string, key acsauth.UserKey, assertion string, scopes []string) slot {
	sorted := slices.Sorted(slices.Values(scopes))
	return slot{tenant: tenant, user: key, scopes: strings.Join(sorted, " "), assertion: sha256.Sum256([]byte(assertion))}
}

// margin is how long before its end a token is no longer used: at most five minutes, less for one that lives shortly.
func margin(lifetime time.Duration) time.Duration { return min(5*time.Minute, lifetime/5) }

// usable reports whether t is what s asks for and lives long enough.
func (t Token) usable(s slot, now time.Time) bool {
	return t.slot == s && t.Value != "" && now.Before(t.Expires)
}
