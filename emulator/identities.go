package emulator

import "time"

// IdentityInfo is an ACS identity that was made here.
type IdentityInfo struct {
	ID           string    `json:"id"`
	CustomID     string    `json:"customId,omitempty"`
	Created      time.Time `json:"created"`
	Deleted      bool      `json:"deleted"`
	TokensIssued int64     `json:"tokensIssued"`       // since the start
	RevokedAt    time.Time `json:"revokedAt,omitzero"` // last revocation or deletion
}

// Identities lists all identities, deleted ones included. The real service has no such call.
func (e *Emulator) Identities() []IdentityInfo {
	list := []IdentityInfo{}
	for _, id := range e.acs.Identities() {
		list = append(list, IdentityInfo{
			ID: id.ID, CustomID: id.CustomID, Created: id.Created, Deleted: id.Deleted,
			TokensIssued: id.TokensIssued, RevokedAt: id.RevokedAt,
		})
	}
	return list
}

// TokenState tells what has become of an ACS access token: active, revoked, expired or unknown.
func (e *Emulator) TokenState(token string) string { return string(e.acs.Introspect(token)) }
