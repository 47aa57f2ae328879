package server

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/broker"
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
	ensure := handle(s, noInput, s.ensureUser)
	deleteUser := handle(s, noInput, s.deleteUser)
	getToken := s.tokenRoute(http.StatusOK, s.o.Broker.IssueToken, broker.TokenRequest{MaxLifetime: action, Create: true})
	refresh := s.tokenRoute(http.StatusOK, s.o.Broker.RefreshToken, broker.TokenRequest{MaxLifetime: action, Create: true})
	sampleToken := s.tokenRoute(http.StatusCreated, s.o.Broker.IssueToken, broker.TokenRequest{MaxLifetime: sample})
	t := map[string]route{
		"/getUser":         {http.MethodGet: ensure, http.MethodPost: ensure},
		"/getToken":        getToken,
		"/refreshToken":    refresh,
		"/exchangeToken":   s.teamsRoute(http.StatusOK),
		"/revokeTokens":    {http.MethodPost: handle(s, noInput, s.revokeTokens)},
		"/api/user":        {http.MethodGet: handle(s, noInput, s.lookupUser), http.MethodPost: ensure, http.MethodDelete: deleteUser},
		"/api/token":       sampleToken,
		"/api/token/teams": s.teamsRoute(http.StatusCreated),
		"/livez":           page(s.live),
		"/readyz":          page(s.readyz),
		"/openapi.yaml":    page(openAPI),
	}
	if s.public != nil {
		t[metadataPath] = page(s.metadata)
		t[s.public.path] = page(s.metadata)
	}
	return t
}

// page is a route without bearer token.
func page(h handler) route { return route{http.MethodGet: h, http.MethodHead: h} }

type issuer func(context.Context, acsauth.Caller, broker.TokenRequest) (broker.Token, error)

// tokenRoute makes a route that issues tokens with policy: GET reads the query, POST the body.
func (s *Server) tokenRoute(status int, issue issuer, policy broker.TokenRequest) route {
	do := func(ctx context.Context, c acsauth.Caller, in tokenInput) (int, tokenResponse, error) {
		policy := policy
		policy.Scopes, policy.Lifetime = in.scopes, in.lifetime
		t, err := issue(ctx, c, policy)
		return status, s.communicationToken(t), err
	}
	return route{http.MethodGet: handle(s, tokenQuery, do), http.MethodPost: handle(s, tokenBody, do)}
}

// teamsRoute makes a route that exchanges the token of a Teams user.
func (s *Server) teamsRoute(status int) route {
	do := func(ctx context.Context, c acsauth.Caller, token string) (int, tokenResponse, error) {
		teams, err := s.o.Verifier.CheckTeams(c, token)
		if err != nil {
			return 0, tokenResponse{}, err
		}
		t, err := s.o.Broker.ExchangeTeamsToken(ctx, c, teams)
		return status, s.teamsToken(t), err
	}
	return route{http.MethodGet: handle(s, teamsHeader, do), http.MethodPost: handle(s, teamsBody, do)}
}

func (s *Server) ensureUser(ctx context.Context, c acsauth.Caller, _ none) (int, userResponse, error) {
	id, created, err := s.o.Broker.EnsureIdentity(ctx, c)
	if created {
		return http.StatusCreated, newUserResponse(id), err
	}
	return http.StatusOK, newUserResponse(id), err
}

func (s *Server) lookupUser(ctx context.Context, c acsauth.Caller, _ none) (int, userResponse, error) {
	id, err := s.o.Broker.LookupIdentity(ctx, c)
	return http.StatusOK, newUserResponse(id), err
}

func (s *Server) deleteUser(ctx context.Context, c acsauth.Caller, _ none) (int, deletionResponse, error) {
	done, err := s.o.Broker.DeleteIdentity(ctx, c)
	if done {
		return http.StatusNoContent, deletionResponse{}, err
	}
	return http.StatusAccepted, deletionResponse{State: acsauth.Deleting}, err
}

func (s *Server) revokeTokens(ctx context.Context, c acsauth.Caller, _ none) (int, none, error) {
	return http.StatusNoContent, none{}, s.o.Broker.RevokeTokens(ctx, c)
}
