package server

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// A handler answers one route and method. An error becomes a problem document.
type handler func(x *exchange, r *http.Request) error

// A route is what one exact path can do, by method.
type route map[string]handler

// allow returns the value of the Allow header.
func (rt route) allow() string {
	return strings.Join(slices.Sorted(maps.Keys(rt)), ", ")
}

// routes is the contract: every path and method there is.
func (s *Server) routes() map[string]route {
	action, sample := s.o.ActionLifetime, s.o.SampleLifetime
	ensure := handle(s, operation{name: policy.GetUser}, noInput, s.ensureUser)
	lookup := handle(s, operation{name: policy.GetUser}, noInput, s.lookupUser)
	deleteUser := handle(s, operation{name: policy.DeleteUser}, noInput, s.deleteUser)
	revoke := handle(s, operation{name: policy.RevokeTokens}, noInput, s.revokeTokens)
	export := handle(s, operation{name: policy.ExportUser}, noInput, s.exportUser)
	getToken := s.tokenRoute(http.StatusOK, policy.GetToken, broker.TokenRequest{MaxLifetime: action, Create: true})
	refresh := s.tokenRoute(http.StatusOK, policy.RefreshToken, broker.TokenRequest{MaxLifetime: action, Create: true})
	sampleToken := s.tokenRoute(http.StatusCreated, policy.GetToken, broker.TokenRequest{MaxLifetime: sample})
	t := map[string]route{
		"/getUser":         {http.MethodGet: ensure, http.MethodPost: ensure},
		"/getToken":        getToken,
		"/refreshToken":    refresh,
		"/exchangeToken":   s.teamsRoute(http.StatusOK),
		"/revokeTokens":    {http.MethodPost: revoke},
		"/api/user":        {http.MethodGet: lookup, http.MethodPost: ensure, http.MethodDelete: deleteUser},
		"/api/user/export": {http.MethodGet: export},
		"/api/token":       sampleToken,
		"/api/token/teams": s.teamsRoute(http.StatusCreated),
		tokenEndpoint:      s.exchangeRoute(),
		livez:              page(s.live),
		readyz:             page(s.readyz),
		"/openapi.yaml":    page(openAPI),
	}
	maps.Copy(t, s.adminRoutes())
	if s.public != nil {
		t[metadataPath], t[s.public.wellKnown(metadataPath)] = page(s.metadata), page(s.metadata)
		t[authorizationPath], t[s.public.wellKnown(authorizationPath)] = page(s.authorization), page(s.authorization)
	}
	return t
}

// page is a route without bearer token.
func page(h handler) route { return route{http.MethodGet: h, http.MethodHead: h} }

// tokenRoute makes a route that issues tokens: GET reads the query, POST the body.
func (s *Server) tokenRoute(status int, op policy.Operation, most broker.TokenRequest) route {
	issue := s.o.Broker.IssueToken
	if op == policy.RefreshToken {
		issue = s.o.Broker.RefreshToken
	}
	do := func(ctx context.Context, c *call, in tokenInput) (int, tokenResponse, error) {
		ask := most
		ask.Scopes, ask.Lifetime, ask.Allowed = in.scopes, in.lifetime, c.grant.Scopes
		if most := c.grant.MaxLifetime; most > 0 {
			ask.MaxLifetime = min(ask.MaxLifetime, most)
		}
		t, err := issue(ctx, c.Caller, ask)
		if err != nil {
			return 0, tokenResponse{}, err
		}
		c.handsOut(t, cmp.Or(ask.Lifetime, ask.MaxLifetime))
		return status, s.communicationToken(t), nil
	}
	return route{http.MethodGet: handle(s, operation{name: op}, tokenQuery, do), http.MethodPost: handle(s, operation{name: op}, tokenBody, do)}
}

// handsOut notes the token that a call hands out.
func (c *call) handsOut(t broker.Token, lifetime time.Duration) {
	c.identity, c.created, c.issued = t.Identity, t.Created, issued{t.Token, t.Scopes, lifetime}
}

// teamsRoute makes a route that exchanges the token of a Teams user.
func (s *Server) teamsRoute(status int) route {
	do := func(ctx context.Context, c *call, token string) (int, tokenResponse, error) {
		teams, err := s.o.Verifier.CheckTeams(c.Caller, token)
		if err != nil {
			return 0, tokenResponse{}, err
		}
		t, err := s.o.Broker.ExchangeTeamsToken(ctx, c.Caller, teams)
		if err != nil {
			return 0, tokenResponse{}, err
		}
		c.handsOut(t, 0)
		return status, s.teamsToken(t), nil
	}
	op := operation{name: policy.ExchangeToken}
	return route{http.MethodGet: handle(s, op, teamsHeader, do), http.MethodPost: handle(s, op, teamsBody, do)}
}

func (s *Server) ensureUser(ctx context.Context, c *call, _ none) (int, userResponse, error) {
	return s.ensureFor(ctx, c, c.Caller)
}

// ensureFor gives a user an identity, at the user's own wish or that of an administrator.
func (s *Server) ensureFor(ctx context.Context, c *call, user acsauth.Caller) (int, userResponse, error) {
	id, created, err := s.o.Broker.EnsureIdentity(ctx, user)
	c.identity, c.created = id, created
	if created {
		return http.StatusCreated, newUserResponse(id), err
	}
	return http.StatusOK, newUserResponse(id), err
}

func (s *Server) lookupUser(ctx context.Context, c *call, _ none) (int, userResponse, error) {
	id, err := s.o.Broker.LookupIdentity(ctx, c.Caller)
	c.identity = id
	return http.StatusOK, newUserResponse(id), err
}

func (s *Server) deleteUser(ctx context.Context, c *call, _ none) (int, deletionResponse, error) {
	return s.deleteFor(ctx, c.Caller)
}

// deleteFor erases the identity of a user at ACS and then here.
func (s *Server) deleteFor(ctx context.Context, user acsauth.Caller) (int, deletionResponse, error) {
	done, err := s.o.Broker.DeleteIdentity(ctx, user)
	if done {
		return http.StatusNoContent, deletionResponse{}, err
	}
	return http.StatusAccepted, deletionResponse{State: acsauth.Deleting}, err
}

func (s *Server) revokeTokens(ctx context.Context, c *call, _ none) (int, none, error) {
	return http.StatusNoContent, none{}, s.o.Broker.RevokeTokens(ctx, c.Caller)
}
