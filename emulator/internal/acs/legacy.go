package acs

import (
	"net/http"
	"time"
)

// The api-version 2020-07-20-preview2, as the npm package
// @azure/communication-administration 1.0.0-beta.3 asks for it.

type legacyToken struct {
	ID        string `json:"id"`
	Token     string `json:"token"`
	ExpiresOn string `json:"expiresOn"`
}

// issueLegacy issues a token; its answer repeats the identity.
func (s *Service) issueLegacy(c *call) (reply, *refusal) {
	token, ref := s.issueToken(c)
	if ref != nil {
		return reply{}, ref
	}
	return reply{http.StatusOK, legacyToken{ID: c.id(), Token: token.Token, ExpiresOn: token.ExpiresOn}}, nil
}

type validFromRequest struct {
	ValidFrom *time.Time `json:"tokensValidFrom"`
}

// revokeLegacy revokes the tokens issued before a time. An empty patch changes
// nothing.
func (s *Service) revokeLegacy(c *call) (reply, *refusal) {
	var in validFromRequest
	if ref := decode(c.body, &in); ref != nil {
		return reply{}, ref
	}
	now, delay := s.opts.Now(), c.behaviour.RevocationDelay
	if err := s.registry.revokeBefore(c.who.resource, c.id(), in.ValidFrom, now, delay); err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add("revoke")
	return reply{status: http.StatusNoContent}, nil
}

// revokeBefore revokes the tokens issued before a time; nil is none. If that
// is all so far, they go by number, so that order decides within a second.
func (g *registry) revokeBefore(resource uint8, id string, at *time.Time, now time.Time, delay time.Duration) error {
	_, err := g.change(resource, id, func(k key, r *record) {
		if at == nil {
			return
		}
		r.revokedAt = now.UnixNano()
		if at.UnixNano() < r.lastIssued {
			r.validFrom = max(r.validFrom, at.UnixNano())
			return
		}
		g.late.add(delayed{key: k, from: r.revoked, upTo: r.issued, due: now.Add(delay)}, now, delay)
		r.revoked = r.issued
		if at.After(now) {
			r.validFrom = at.UnixNano()
		}
	})
	return err
}
