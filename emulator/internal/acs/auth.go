package acs

import (
	"net/http"
	"slices"
	"strings"
)

// audiences are the resource names a caller's bearer token may be for. Clients
// ask for "https://communication.azure.com//.default", with two slashes.
var audiences = []string{"https://communication.azure.com", "https://communication.azure.com/"}

// authenticate checks the request's credential and names it. Every failure is
// the service's "Denied"; the log tells which.
func (s *Service) authenticate(r *http.Request, body []byte) (minted, *refusal) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", denied("not exactly one Authorization header")
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	switch strings.ToLower(scheme) {
	case "hmac-sha256":
		return s.checkSignature(r, rest, body)
	case "bearer":
		return s.checkBearer(rest)
	}
	return "", denied("unknown authorization scheme")
}

func (s *Service) checkBearer(token string) (minted, *refusal) {
	claims, err := s.opts.Verify(token)
	if err != nil {
		return "", denied("bearer token not valid")
	}
	if !slices.ContainsFunc(textsOf(claims, "aud"), func(a string) bool { return slices.Contains(audiences, a) }) {
		return "", denied("bearer token for another audience")
	}
	return mintedByEntra, nil
}
