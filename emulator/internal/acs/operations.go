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
// 201 also when the preview's customId names an identity that exists.
func (s *Service) create(c *call) (reply, *refusal) {
	in, g, ref := readCreate(c)
	if ref != nil {
		return reply{}, ref
	}
	now := s.opts.Now()
	made, err := s.registry.create(in.customID(), len(g.scopes) > 0, now)
	if err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add(made.event())
	body := createReply{Identity: identityBody{ID: made.id}}
	if c.version == versionPreview {
		body.Identity = previewBody(made.id, made.record)
	}
	if len(g.scopes) > 0 {
		g.serial = made.issued
		if body.AccessToken, ref = s.mint(c, made.id, g, now); ref != nil {
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

// grant is what a token is asked for with.
type grant struct {
	scopes   []string
	lifetime time.Duration
	serial   int64 // number of the token among those of its identity
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
	var in issueRequest
	if ref := decode(c.body, &in); ref != nil {
		return reply{}, ref
	}
	if len(in.Scopes) == 0 {
		return reply{}, invalid("scopes", "Scopes are required.")
	}
	g, ref := readGrant(c, "scopes", in.Scopes, in.Minutes)
	if ref != nil {
		return reply{}, ref
	}
	now := s.opts.Now()
	serial, err := s.registry.issue(c.id, now)
	if err != nil {
		return reply{}, registryRefusal(err)
	}
	g.serial = serial
	token, ref := s.mint(c, c.id, g, now)
	if ref != nil {
		return reply{}, ref
	}
	s.counts.add("issue")
	return reply{http.StatusOK, token}, nil
}

func (s *Service) revoke(c *call) (reply, *refusal) {
	if err := s.registry.revoke(c.id, s.opts.Now()); err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add("revoke")
	return reply{status: http.StatusNoContent}, nil
}

func (s *Service) delete(c *call) (reply, *refusal) {
	first, err := s.registry.remove(c.id, s.opts.Now())
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
	rec, err := s.registry.get(c.id)
	if err != nil {
		return reply{}, registryRefusal(err)
	}
	s.counts.add("get")
	return reply{http.StatusOK, previewBody(c.id, rec)}, nil
}
