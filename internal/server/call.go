package server

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/policy"
	"github.com/acs-solutions/acsauth/internal/tracing"
)

// The operations for administration, which app roles give and no policy.
const (
	adminLookup    policy.Operation = "admin.lookup"
	adminFind      policy.Operation = "admin.find"
	adminResolve   policy.Operation = "admin.resolve"
	adminProvision policy.Operation = "admin.provision"
	adminRevoke    policy.Operation = "admin.revoke"
	adminDelete    policy.Operation = "admin.delete"
)

// An operation is that of a route. It is for users, unless it needs an app role.
type operation struct {
	name policy.Operation
	role string
	// credential returns the caller's token where it is not in the Authorization header.
	credential func(*http.Request, *call) (string, error)
}

// A call is one request with bearer token: who makes it, what the caller may
// have, and what the audit log will say of it.
type call struct {
	acsauth.Caller // the zero Caller until the token is verified
	op             operation
	form           form // of a request whose credential is in it
	grant          policy.Decision

	target   acsauth.UserKey  // of an administration route: the user it is about
	identity acsauth.Identity // that was shown or changed
	issued   issued           // of a route that hands out a token
	created  bool             // the identity was made by this call
	count    int              // of things that were looked up
	recorded bool
}

// issued is what is written down of a token.
type issued struct {
	token    string // hashed before it is written
	scopes   []acsauth.Scope
	lifetime time.Duration
}

// admit says who is behind a request, and refuses it if that one may not do this. It returns the token.
func (s *Server) admit(ctx context.Context, r *http.Request, c *call) (token string, err error) {
	if err := s.limitAddress(r); err != nil {
		return "", err
	}
	if err := refuseQueryToken(r.URL); err != nil {
		return "", err
	}
	if token, err = credential(r, c); err != nil {
		return "", err
	}
	if c.Caller, err = s.verify(ctx, token); err != nil {
		return "", err
	}
	if err := s.limitCaller(c.Caller); err != nil {
		return "", err
	}
	if c.op.role != "" {
		return token, s.requireAdmin(c.Caller, c.op.role)
	}
	if err := s.o.Verifier.RequireUser(c.Caller); err != nil {
		return "", err
	}
	return token, s.decide(ctx, c)
}

func (s *Server) verify(ctx context.Context, token string) (acsauth.Caller, error) {
	ctx, span := tracing.Start(ctx, "authn.Verify")
	caller, err := s.o.Verifier.Verify(ctx, token)
	span.End(err)
	return caller, err
}

// credential returns the token that a request came with.
func credential(r *http.Request, c *call) (string, error) {
	if c.op.credential != nil {
		return c.op.credential(r, c)
	}
	return authn.BearerToken(r.Header)
}

// decide asks the policy what the caller gets.
func (s *Server) decide(ctx context.Context, c *call) error {
	if s.o.Policy == nil {
		c.grant.Allowed = true
		return nil
	}
	c.grant = s.o.Policy(c.Caller, c.op.name)
	if c.grant.Noted || c.grant.Narrowed {
		text := "the policy would give less"
		if c.grant.Noted {
			text = "the policy would refuse this"
		}
		s.log.LogAttrs(ctx, slog.LevelWarn, text, slog.String("rule", c.grant.Rule), slog.String("operation", string(c.op.name)))
	}
	if !c.grant.Allowed {
		return c.grant.Refusal(c.op.name)
	}
	return nil
}

// list writes names for an error text.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	s := strings.Join(names, " ")
	return s[:min(len(s), 200)]
}
