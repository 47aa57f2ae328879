package acs

import (
	"strings"
	"time"
)

// TokenState is what has become of a token.
type TokenState string

// The states of a token. A token of a deleted identity is revoked, and so is
// one that was minted with an access key replaced since. Unknown are tokens of
// another service, of an earlier start, and of identities since [Service.Reset].
const (
	TokenActive  TokenState = "active"
	TokenRevoked TokenState = "revoked"
	TokenExpired TokenState = "expired"
	TokenUnknown TokenState = "unknown"
)

// Introspect tells whether the service would accept a token now. A token both
// revoked and expired is expired.
func (s *Service) Introspect(token string) TokenState {
	s.gate.RLock()
	defer s.gate.RUnlock()
	claims, ok := s.minter.open(token)
	if !ok {
		return TokenUnknown
	}
	r, err := s.resource(claims.ResourceID)
	if err != nil {
		return TokenUnknown
	}
	now, revoked := s.opts.Now(), false
	if !strings.HasPrefix(claims.Skype, "orgid:") {
		var known bool
		revoked, known = s.registry.revoked("8:"+claims.Skype, claims.Serial, time.Unix(claims.Issued, 0), now)
		if !known {
			return TokenUnknown
		}
	}
	switch {
	case now.Unix() >= claims.Expires:
		return TokenExpired
	case revoked || !r.keys.valid(claims.Key):
		return TokenRevoked
	}
	return TokenActive
}
