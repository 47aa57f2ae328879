package acs

import (
	"net/http"
	"time"
	"unicode/utf8"
)

type accessToken struct {
	Token     string `json:"token"`
	ExpiresOn string `json:"expiresOn"`
}

type identityBody struct {
	ID         string `json:"id"`
	CustomID   string `json:"customId,omitempty"`
	LastIssued string `json:"lastTokenIssuedAt,omitempty"`
}

// previewBody is the identity as the preview shows it.
func previewBody(id string, rec record) identityBody {
	out := identityBody{ID: id, CustomID: rec.customID}
	if rec.lastIssued != 0 {
		out.LastIssued = stamp(time.Unix(0, rec.lastIssued))
	}
	return out
}

type createRequest struct {
	Scopes   []string `json:"createTokenWithScopes"`
	Minutes  *int32   `json:"expiresInMinutes"`
	CustomID *string  `json:"customId"`
}

type createReply struct {
	Identity    identityBody `json:"identity"`
	AccessToken *accessToken `json:"accessToken,omitempty"`
}

// create makes an identity and, if scopes are asked for, a token. It answers
// 201 also when the preview's customId names an identity that exists, and 200
// with the bare identity in the oldest api-version.
func (s *Service) create(c *call) (reply, *refusal) {
	in, g, ref := readCreate(c)
	if ref != nil {
		return reply{}, ref
	}
	now := s.opts.Now()
	made, err := s.registry.create(wish{
		resource: c.who.resource, customID: in.customID(), withToken: len(g.scopes) > 0, raced: c.raced,
	}, now)
	if err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add(made.event())
	if c.version == versionLegacy {
		return reply{http.StatusOK, identityBody{ID: made.id}}, nil
	}
	body := createReply{Identity: identityBody{ID: made.id}}
	if c.version == versionPreview {
		body.Identity = previewBody(made.id, made.record)
	}
	if len(g.scopes) > 0 {
		if body.AccessToken, ref = s.mint(c, g.payload(made.id, made.issued, now)); ref != nil {
			return reply{}, ref
		}
	}
	return reply{http.StatusCreated, body}, nil
}

func readCreate(c *call) (createRequest, grant, *refusal) {
	var in createRequest
	if ref := decode(c.body, &in); ref != nil {
		return in, grant{}, ref
	}
	if c.version != versionPreview {
		in.CustomID = nil
	}
	if c.version == versionLegacy {
		in.Scopes = nil
	}
	if n := utf8.RuneCountInString(in.customID()); in.CustomID != nil && (n == 0 || n > maxCustomID) {
		return in, grant{}, invalid("customId", "CustomId must have 1 to 256 characters.")
	}
	if len(in.Scopes) == 0 {
		return in, grant{}, nil
	}
	g, ref := readGrant(c, "createTokenWithScopes", in.Scopes, in.Minutes)
	return in, g, ref
}

func (in createRequest) customID() string {
	if in.CustomID == nil {
		return ""
	}
	return *in.CustomID
}

// asksToken reports whether a create asks for a token, too.
func (c *call) asksToken() bool {
	in, _, ref := readCreate(c)
	return ref == nil && len(in.Scopes) > 0
}

// grant is what a token is asked for with.
type grant struct {
	scopes   []string
	lifetime time.Duration
}

func (g grant) payload(id string, serial int64, now time.Time) payload {
	return payload{ID: id, Scopes: g.scopes, Serial: serial, Issued: now, Expires: now.Add(g.lifetime)}
}

func readGrant(c *call, field string, asked []string, minutes *int32) (grant, *refusal) {
	list, ref := checkScopes(c, field, asked)
	if ref != nil {
		return grant{}, ref
	}
	life, ref := lifetime(c, minutes)
	return grant{scopes: list, lifetime: life}, ref
}

type issueRequest struct {
	Scopes  []string `json:"scopes"`
	Minutes *int32   `json:"expiresInMinutes"`
}

func (s *Service) issue(c *call) (reply, *refusal) {
	token, ref := s.issueToken(c)
	if ref != nil {
		return reply{}, ref
	}
	return reply{http.StatusOK, token}, nil
}

func (s *Service) issueToken(c *call) (*accessToken, *refusal) {
	var in issueRequest
	if ref := decode(c.body, &in); ref != nil {
		return nil, ref
	}
	if len(in.Scopes) == 0 {
		return nil, invalid("scopes", "Scopes are required.")
	}
	g, ref := readGrant(c, "scopes", in.Scopes, in.Minutes)
	if ref != nil {
		return nil, ref
	}
	now := s.opts.Now()
	serial, err := s.registry.issue(c.who.resource, c.id(), now)
	if err != nil {
		return nil, registryRefusal(err)
	}
	token, ref := s.mint(c, g.payload(c.id(), serial, now))
	if ref != nil {
		return nil, ref
	}
	s.counts.add("issue")
	return token, nil
}

func (s *Service) revoke(c *call) (reply, *refusal) {
	if err := s.registry.revoke(c.who.resource, c.id(), s.opts.Now(), c.behaviour.RevocationDelay); err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add("revoke")
	return reply{status: http.StatusNoContent}, nil
}

func (s *Service) delete(c *call) (reply, *refusal) {
	first, err := s.registry.remove(c.who.resource, c.id(), s.opts.Now(), c.behaviour.RevocationDelay)
	if err != nil {
		return reply{}, registryRefusal(err)
	}
	if first {
		s.counts.add("delete")
	} else {
		s.counts.add("repeat")
	}
	return reply{status: http.StatusNoContent}, nil
}

func (s *Service) get(c *call) (reply, *refusal) {
	rec, err := s.registry.get(c.who.resource, c.id())
	if err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add("get")
	return reply{http.StatusOK, previewBody(c.id(), rec)}, nil
}
