package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/broker"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// The names of OAuth 2.0 Token Exchange (RFC 8693 sections 2.1 and 3).
const (
	grantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccessToken    = "urn:ietf:params:oauth:token-type:access_token"
	typeJWT            = "urn:ietf:params:oauth:token-type:jwt"
)

const tokenEndpoint = "/oauth2/token"

// An exchangedToken is the answer to a token exchange (RFC 8693 section 2.2.1), with what a client of ACS needs beside it.
type exchangedToken struct {
	AccessToken string    `json:"access_token"`
	IssuedType  string    `json:"issued_token_type"`
	TokenType   string    `json:"token_type"`
	ExpiresIn   int64     `json:"expires_in"` // seconds
	Scope       string    `json:"scope"`      // with blanks between
	Endpoint    string    `json:"endpoint"`
	User        tokenUser `json:"user"`
}

// exchangeRoute is the token endpoint: the caller's token in, a token of ACS out, as with getToken.
func (s *Server) exchangeRoute() route {
	h := handle(s, operation{name: policy.GetToken, credential: s.subjectToken}, alreadyRead, s.exchange)
	return route{http.MethodPost: func(x *exchange, r *http.Request) error {
		x.oauth = true
		return h(x, r)
	}}
}

// alreadyRead is the input of a call whose body held the credential: it is in call.form.
func alreadyRead(*http.Request) (none, error) { return none{}, nil }

// subjectToken reads the form and returns the token of the user in it.
func (s *Server) subjectToken(r *http.Request, c *call) (string, error) {
	if len(r.Header.Values("Authorization")) > 0 {
		return "", errClientAuthentication()
	}
	f, err := readForm(r)
	if err != nil {
		return "", err
	}
	c.form = f
	if err := s.checkExchange(f); err != nil {
		return "", err
	}
	return f.get("subject_token"), nil
}

// checkExchange checks what was asked for, but for the token itself and the scopes.
func (s *Server) checkExchange(f form) error {
	switch grant := f.get("grant_type"); {
	case f.get("client_secret") != "" || f.get("client_assertion") != "":
		return errClientAuthentication()
	case grant == "":
		return errRequest("The parameter grant_type is missing.", "Send grant_type="+grantTokenExchange+".")
	case grant != grantTokenExchange:
		return invalid("grant_unsupported", "This grant type is not supported.", "Send grant_type="+grantTokenExchange+".")
	case f.get("subject_token") == "":
		return errRequest("The parameter subject_token is missing.", "Send the user's access token for this API as subject_token.")
	case f.get("actor_token") != "" || f.get("actor_token_type") != "":
		return errRequest("Delegation with an actor_token is not supported.", "Leave actor_token and actor_token_type out.")
	case !slices.Contains([]string{typeAccessToken, typeJWT}, f.get("subject_token_type")):
		return errRequest("The parameter subject_token_type is not one that is taken.", "Send subject_token_type="+typeAccessToken+" with an access token. ID tokens and refresh tokens are not taken.")
	case !slices.Contains([]string{"", typeAccessToken}, f.get("requested_token_type")):
		return errRequest("The parameter requested_token_type is not one that is issued.", "Leave it out, or send "+typeAccessToken+".")
	}
	for _, target := range slices.Concat(f["audience"], f["resource"]) {
		if target != "" && strings.TrimSuffix(target, "/") != strings.TrimSuffix(s.o.Endpoint, "/") {
			return invalid("target_invalid", "Tokens for this audience or resource are not issued here.", "Leave audience and resource out, or name the endpoint of the ACS resource as other routes tell it.")
		}
	}
	return nil
}

// exchange issues the token.
func (s *Server) exchange(ctx context.Context, c *call, _ none) (int, exchangedToken, error) {
	if id := c.form.get("client_id"); id != "" && !strings.EqualFold(id, c.Client) {
		return 0, exchangedToken{}, invalid("client_invalid", "The client_id is not that of the application that the subject_token was issued to.", "Leave client_id out, or send that of the application that signed the user in.")
	}
	ask := broker.TokenRequest{Scopes: scopeWords(c.form.get("scope")), Allowed: c.grant.Scopes, MaxLifetime: s.o.ActionLifetime, Create: true}
	if most := c.grant.MaxLifetime; most > 0 {
		ask.MaxLifetime = min(ask.MaxLifetime, most)
	}
	t, err := s.o.Broker.IssueToken(ctx, c.Caller, ask)
	if err != nil {
		return 0, exchangedToken{}, err
	}
	c.handsOut(t, ask.MaxLifetime)
	words := make([]string, len(t.Scopes))
	for i, w := range t.Scopes {
		words[i] = string(w)
	}
	answer := s.communicationToken(t)
	return http.StatusOK, exchangedToken{AccessToken: t.Token, IssuedType: typeAccessToken, TokenType: "Bearer",
		ExpiresIn: max(0, int64(t.ExpiresOn.Sub(s.o.Now())/time.Second)), Scope: strings.Join(words, " "), Endpoint: answer.Endpoint, User: answer.User}, nil
}

// scopeWords splits a scope parameter (RFC 6749 section 3.3); nil if there is none.
func scopeWords(s string) (out []acsauth.Scope) {
	for _, w := range strings.Fields(s) {
		out = append(out, acsauth.Scope(w))
	}
	return out
}

// An oauthProblem is a problem document that a client of OAuth 2.0 understands, too (RFC 6749 section 5.2).
type oauthProblem struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	URI         string `json:"error_uri"`
	Claims      string `json:"claims,omitempty"` // a claims challenge, as JSON, where the token endpoint of Entra ID has it
	problem
}

// describe returns title and status of an error. At a token endpoint a subject_token that is not taken is a wrong request
// (RFC 8693 section 2.2.2), and 401 is for clients that tried to authenticate (RFC 6749 section 5.2).
func (x *exchange) describe(e *acsauth.Error) (title string, status int) {
	title, status = describe(e)
	if x.oauth && e.Code != clientAuthentication && (status == http.StatusUnauthorized || status == http.StatusForbidden) {
		status = http.StatusBadRequest
	}
	return title, status
}

// asOAuth says what an error is to a client of OAuth 2.0.
func asOAuth(e *acsauth.Error, p problem) oauthProblem {
	return oauthProblem{Error: oauthError(e), Description: plain(cmp.Or(p.Detail, p.Title)), URI: p.Type, Claims: e.Claims, problem: p}
}

// oauthError is the error code of OAuth 2.0 for an error of ours.
func oauthError(e *acsauth.Error) string {
	switch e.Code {
	case "grant_unsupported":
		return "unsupported_grant_type"
	case "target_invalid":
		return "invalid_target"
	case "client_invalid", clientAuthentication:
		return "invalid_client"
	case "scope_invalid", "scope_not_allowed":
		return "invalid_scope"
	case "policy_denied":
		return "access_denied"
	}
	switch e.Kind {
	case acsauth.StepUp:
		return "interaction_required"
	case acsauth.Throttled, acsauth.Unavailable, acsauth.Timeout:
		return "temporarily_unavailable"
	case acsauth.Internal, acsauth.Rejected:
		return "server_error"
	}
	return "invalid_request"
}

// plain keeps the characters that an error_description may have.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, s)
}

const clientAuthentication = "client_authentication"

func errClientAuthentication() error {
	return &acsauth.Error{Kind: acsauth.Unauthenticated, Code: clientAuthentication, Op: "server",
		Detail:   "Clients do not authenticate here: the subject_token says who the user and the client application are.",
		Hint:     "Send no Authorization header, no client_secret and no client_assertion; set the library to a public client (authentication method none).",
		Expected: "no authentication of the client", Found: "an attempt"}
}
