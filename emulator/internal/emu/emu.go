// Package emu holds the few types that the emulated services share.
package emu

// Claims are the claims of a verified token, as encoding/json decodes them into an any:
// numbers are float64, arrays are []any.
type Claims = map[string]any

// VerifyFunc checks a token that this emulator's Entra ID issued: form, signature (Graph tokens with a nonce
// included), issuer, nbf and exp. It returns the claims. Audience and scopes are the service's to check.
type VerifyFunc func(token string) (Claims, error)

// User is a user of the emulated directory.
type User struct {
	ObjectID     string // lower-case GUID
	TenantID     string // lower-case GUID
	UPN          string
	DisplayName  string
	GivenName    string
	Surname      string
	Mail         string
	Guest        bool
	TeamsLicense bool
	Groups       []string // object ids of the groups the user is in
}
