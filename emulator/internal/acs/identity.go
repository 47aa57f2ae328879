package acs

import "time"

// Identity is one identity as tests and pages see it.
type Identity struct {
	ID           string    `json:"id"`
	CustomID     string    `json:"customId,omitempty"`
	Created      time.Time `json:"created"`
	Deleted      bool      `json:"deleted"`
	TokensIssued int64     `json:"tokensIssued"`       // since the start of the service
	RevokedAt    time.Time `json:"revokedAt,omitzero"` // last revocation or deletion
}

// record is one identity as it is kept. Times are in ns since 1970; 0 is never.
type record struct {
	order      int64 // position in the order of creation
	created    int64
	lastIssued int64
	revokedAt  int64
	validFrom  int64 // tokens issued before are revoked; set by the oldest api-version only
	issued     int64 // tokens so far; the last one has this serial number
	revoked    int64 // tokens up to this serial number are revoked
	customID   string
	deleted    bool
}

func (r *record) count(now time.Time) {
	r.issued++
	r.lastIssued = now.UnixNano()
}

func (r record) identity(id string) Identity {
	out := Identity{
		ID: id, CustomID: r.customID, Created: time.Unix(0, r.created).UTC(),
		Deleted: r.deleted, TokensIssued: r.issued,
	}
	if r.revokedAt != 0 {
		out.RevokedAt = time.Unix(0, r.revokedAt).UTC()
	}
	return out
}

// made is the outcome of a create.
type made struct {
	id     string
	reused bool
	record
}

func (m made) event() string {
	if m.reused {
		return "reuse"
	}
	return "create"
}
