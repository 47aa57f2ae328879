package acs

import "strings"

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
	claims, ok := s.minter.open(token)
	if !ok {
		return TokenUnknown
	}
	revoked := false
	if !strings.HasPrefix(claims.Skype, "orgid:") {
		rec, known := s.registry.lookup("8:" + claims.Skype)
		if !known {
			return TokenUnknown
		}
		revoked = claims.Serial <= rec.revoked // deletion revokes, too
	}
	switch {
	case s.opts.Now().Unix() >= claims.Expires:
		return TokenExpired
	case revoked || !s.keys.valid(claims.Key):
		return TokenRevoked
	}
	return TokenActive
}
