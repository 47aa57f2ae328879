package server

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/acs-solutions/acsauth"
)

// Limits say how long to wait if there were too many requests of one kind. A nil function stands for no limit.
type Limits struct {
	Address func(netip.Addr) (wait time.Duration, ok bool) // all requests from an address
	User    func(acsauth.UserKey) (wait time.Duration, ok bool)
	Tenant  func(issuer string) (wait time.Duration, ok bool) // of the users of one issuer together
}

// limitAddress comes before all else, so that a flood costs as little as can be.
func (s *Server) limitAddress(r *http.Request) error {
	if s.o.Limits.Address == nil {
		return nil
	}
	if wait, ok := s.o.Limits.Address(s.clientAddress(r)); !ok {
		return tooMany("address_limit", "Too many requests came from this address.",
			"Wait as long as Retry-After says. Operator: ACSAUTH_LIMIT_ADDRESS; behind a proxy, ACSAUTH_TRUSTED_PROXIES.", wait)
	}
	return nil
}

// limitCaller counts who is known by now.
func (s *Server) limitCaller(c acsauth.Caller) error {
	if s.o.Limits.User != nil {
		if wait, ok := s.o.Limits.User(c.Key); !ok {
			return tooMany("user_limit", "This user or program made too many requests.",
				"Keep a token until refreshAfter instead of asking for one at each use. Operator: ACSAUTH_LIMIT_USER.", wait)
		}
	}
	if s.o.Limits.Tenant != nil {
		if wait, ok := s.o.Limits.Tenant(c.Key.Issuer); !ok {
			return tooMany("tenant_limit", "The users of this tenant made too many requests together.",
				"Wait as long as Retry-After says. Operator: ACSAUTH_LIMIT_TENANT.", wait)
		}
	}
	return nil
}

// clientAddress is the address that a request came from, as far as it can be
// believed; the zero address if it has none.
func (s *Server) clientAddress(r *http.Request) netip.Addr {
	if s.o.ClientAddress != nil {
		return s.o.ClientAddress(r.RemoteAddr, r.Header)
	}
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func tooMany(code, detail, hint string, wait time.Duration) error {
	return &acsauth.Error{Kind: acsauth.Throttled, Code: code, Op: "server", Detail: detail, Hint: hint, RetryAfter: wait}
}
