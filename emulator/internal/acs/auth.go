package acs

import (
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// audiences are the resource names a caller's bearer token may be for. Clients
// ask for "https://communication.azure.com//.default", with two slashes.
var audiences = []string{"https://communication.azure.com", "https://communication.azure.com/"}

// credential is who asks: a resource by one of its keys or an Entra token, or
// a user by theirs.
type credential struct {
	resource uint8 // index among the resources
	key      minted
	claims   emu.Claims // of a user, for operations that are asked for by one
}

// authenticate checks the request's credential. Every failure is the
// service's "Denied"; the log tells which.
func (s *Service) authenticate(c *call) (credential, *refusal) {
	values := c.r.Header.Values("Authorization")
	scheme, rest := "", ""
	if len(values) == 1 {
		scheme, rest, _ = strings.Cut(values[0], " ")
	}
	scheme = strings.ToLower(scheme)
	switch {
	case c.op.byUser && scheme == "bearer":
		return s.checkUser(rest)
	case c.op.byUser:
		return credential{}, denied("no bearer token of a user")
	case scheme == "bearer":
		return s.checkBearer(rest)
	}
	who, ref := credential{}, denied("no access key signature and no bearer token")
	if scheme == "hmac-sha256" {
		who, ref = s.checkSignature(c, rest)
	}
	if ref != nil && c.behaviour.Loose {
		return credential{key: s.resources[0].keys.current(0)}, nil
	}
	return who, ref
}

// checkBearer takes the token of an application or user that manages the first
// resource. Its roles are given in its own tenant only.
func (s *Service) checkBearer(token string) (credential, *refusal) {
	claims, err := s.opts.Verify(token)
	if err != nil {
		return credential{}, denied("bearer token not valid")
	}
	if !isFor(claims, audiences) {
		return credential{}, denied("bearer token for another audience")
	}
	if s.opts.Tenant != "" && textOf(claims, "tid") != s.opts.Tenant {
		return credential{}, denied("bearer token of another tenant")
	}
	return credential{key: mintedByEntra}, nil
}

// checkUser takes the token of a user of the first resource. What it has to be
// for depends on the operation.
func (s *Service) checkUser(token string) (credential, *refusal) {
	claims, _, ref := s.verifyUser(token)
	return credential{key: mintedByEntra, claims: claims}, ref
}

// verifyUser checks a user's token as far as all exchanges agree.
func (s *Service) verifyUser(token string) (emu.Claims, time.Time, *refusal) {
	if token == "" {
		return nil, time.Time{}, invalidAccessToken("no token of a user")
	}
	claims, err := s.opts.Verify(token)
	if err != nil {
		return nil, time.Time{}, invalidAccessToken("token of a user not valid")
	}
	expires, ok := timeOf(claims, "exp")
	if !ok || !expires.After(s.opts.Now()) {
		return nil, time.Time{}, invalidAccessToken("token of a user expired")
	}
	return claims, expires, nil
}

func isFor(claims emu.Claims, names []string) bool {
	return slices.ContainsFunc(textsOf(claims, "aud"), func(a string) bool { return slices.Contains(names, a) })
}

// clientOf returns the application that a token was issued to.
func clientOf(claims emu.Claims) string {
	if app := textOf(claims, "azp"); app != "" {
		return app
	}
	return textOf(claims, "appid")
}
