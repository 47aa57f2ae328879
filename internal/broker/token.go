package broker

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/quota"
	"github.com/acs-solutions/acsauth/internal/tracing"
	"golang.org/x/sync/singleflight"
)

// A TokenRequest asks for an ACS token. It may narrow what the policy gives, never widen.
type TokenRequest struct {
	// Scopes are the scopes asked for; nil stands for all that the policy gives.
	Scopes []acsauth.Scope
	// Lifetime asked for, 60 minutes to MaxLifetime; 0 stands for MaxLifetime.
	Lifetime time.Duration
	// Allowed are the scopes that this caller may have; nil stands for those of the Broker.
	Allowed []acsauth.Scope
	// MaxLifetime is the most that this caller may have on this route, 60 to 1440 minutes.
	MaxLifetime time.Duration
	// Create makes the identity if there is none.
	Create bool
}

// A Token is an ACS token and what it stands for.
type Token struct {
	acsauth.AccessToken
	Identity acsauth.Identity
	Created  bool            // the identity was made by this call
	Scopes   []acsauth.Scope // as issued; nil for a Teams user, whose own token decides
}

// IssueToken returns a token for the caller's identity. It may be one that was
// given out before, if more than half its life, and at least 15 minutes, is left. Codes: those of
// EnsureIdentity or LookupIdentity, scope_invalid, scope_not_allowed, lifetime_invalid, identity_lost.
func (b *Broker) IssueToken(ctx context.Context, caller acsauth.Caller, r TokenRequest) (Token, error) {
	return b.issue(ctx, "broker.IssueToken", caller, r, false)
}

// RefreshToken is IssueToken with the promise that the token is newer than the
// request, but for calls with equal arguments that were already waiting for one.
func (b *Broker) RefreshToken(ctx context.Context, caller acsauth.Caller, r TokenRequest) (Token, error) {
	return b.issue(quota.WithPriority(ctx, quota.Refresh), "broker.RefreshToken", caller, r, true)
}

func (b *Broker) issue(ctx context.Context, op string, caller acsauth.Caller, r TokenRequest, fresh bool) (t Token, err error) {
	ctx, span := tracing.Start(ctx, op)
	defer func() { span.End(err) }()
	scopes, err := b.grant(op, r)
	if err != nil {
		return Token{}, err
	}
	life, err := grantLifetime(op, r)
	if err != nil {
		return Token{}, err
	}
	w := wish{scopes, life}
	for range 2 { // once more if the identity was replaced in between
		h, created, err := b.identityFor(ctx, caller, r.Create, w)
		if err != nil {
			return Token{}, err
		}
		t, source, err := b.tokenOf(ctx, h, w, fresh)
		t.Created = created
		if err == nil {
			span.Set("acsauth.token", source)
			return t, nil
		}
		if acsCode(err) != acsidentity.CodeIdentityNotOwned {
			if acsauth.KindOf(acsError(op, err)) == acsauth.Rejected {
				b.tell(ctx, EventDenied, "")
			}
			return Token{}, acsError(op, err)
		}
		b.mappings.DropKey(caller.Key) // another replica may have deleted the identity
		if now, gerr := b.read(ctx, caller.Key); gerr == nil && now.State == acsauth.Active && now.Identity == h.id {
			return Token{}, b.notOwned(ctx, op, now, err)
		}
	}
	return Token{}, deleting(op)
}

// notOwned explains IdentityNotOwned for a row that is still Active.
func (b *Broker) notOwned(ctx context.Context, op string, row acsauth.Mapping, err error) error {
	if !b.owns(row.Identity) { // it may as well be our connection string that is wrong
		return anotherResource(op)
	}
	b.tell(ctx, EventLost, row.Attempt)
	return lost(op, err)
}

func (b *Broker) identityFor(ctx context.Context, caller acsauth.Caller, create bool, w wish) (h held, created bool, err error) {
	if create {
		return b.ensureHeld(ctx, "broker.EnsureIdentity", caller.Key, w)
	}
	h, err = b.lookUp(ctx, "broker.LookupIdentity", caller.Key, b.glance)
	return h, false, err
}

// Where a token comes from, as its span says.
const (
	tokenWithIdentity = "with_identity"
	tokenKept         = "kept"
	tokenIssued       = "issued"
)

// tokenOf returns a token for what is held: the one that came with the identity, one that was kept, or a new one.
func (b *Broker) tokenOf(ctx context.Context, h held, w wish, fresh bool) (t Token, source string, err error) {
	f := w.form()
	if h.token != nil && h.wished == f {
		return Token{AccessToken: *h.token, Identity: h.id, Scopes: w.scopes}, tokenWithIdentity, nil
	}
	if !fresh {
		if t, ok := b.issued.get(h, f); ok {
			return Token{AccessToken: t, Identity: h.id, Scopes: w.scopes}, tokenKept, nil
		}
	}
	t, err = b.mint(ctx, h, w)
	return t, tokenIssued, err
}

// mint issues a token; equal calls under way share one.
func (b *Broker) mint(ctx context.Context, h held, w wish) (Token, error) {
	// The attempt is in the key: a call that came after a revocation must not share a token of before.
	f := w.form()
	key := fmt.Sprintf("%s %s %d %d", h.id, h.attempt, f.minutes, f.scopes)
	token, err := b.share(ctx, &b.issues, "broker.mint", key, func(ctx context.Context) (acsauth.AccessToken, error) {
		ctx, err := b.quota.Admit(ctx, quota.Issue)
		if err != nil {
			return acsauth.AccessToken{}, err
		}
		since := b.now()
		r, err := b.acs.IssueToken(ctx, h.id, w.scopes, &acsidentity.IssueTokenOptions{ExpiresIn: w.life})
		if err == nil {
			b.issued.put(h, f, r.AccessToken, since)
		}
		return r.AccessToken, err
	})
	if err != nil {
		return Token{}, err
	}
	b.learn(h.id)
	return Token{AccessToken: token, Identity: h.id, Scopes: w.scopes}, nil
}

// share makes one call for all who ask for the same at once. It outlives a caller that leaves: others wait for it.
func (b *Broker) share(ctx context.Context, calls *singleflight.Group, op, key string, call func(context.Context) (acsauth.AccessToken, error)) (acsauth.AccessToken, error) {
	flight := calls.DoChan(key, func() (_ any, err error) {
		defer b.landed(ctx, op, &err)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.timing.call)
		defer cancel()
		return call(ctx)
	})
	select {
	case <-ctx.Done():
		return acsauth.AccessToken{}, context.Cause(ctx)
	case r := <-flight:
		if r.Err != nil {
			return acsauth.AccessToken{}, r.Err
		}
		return r.Val.(acsauth.AccessToken), nil
	}
}

// ExchangeTeamsToken exchanges the Entra token of a Teams user. The user and
// the application named to ACS come from the verified caller and the
// configuration, never from the request. Nothing is cached or stored; equal
// calls under way share one. Codes: teams_token_rejected, acs_*.
func (b *Broker) ExchangeTeamsToken(ctx context.Context, caller acsauth.Caller, t acsauth.TeamsToken) (_ Token, err error) {
	const op = "broker.ExchangeTeamsToken"
	ctx, span := tracing.Start(ctx, op)
	defer func() { span.End(err) }()
	// A hash, so that the token is no key of a map. User and client are GUIDs, so the parts are unambiguous.
	key := sha256.Sum256([]byte(caller.Key.Subject + " " + t.Client + " " + t.Token))
	token, err := b.share(ctx, &b.exchanges, op, string(key[:]), func(ctx context.Context) (acsauth.AccessToken, error) {
		ctx, err := b.quota.Admit(ctx, quota.Exchange)
		if err != nil {
			return acsauth.AccessToken{}, err
		}
		r, err := b.acs.ExchangeTeamsToken(ctx, acsidentity.TeamsUser{Token: t.Token, ClientID: t.Client, ObjectID: caller.Key.Subject}, nil)
		return r.AccessToken, err
	})
	switch code := acsCode(err); {
	case err == nil:
		return Token{AccessToken: token, Identity: acsauth.Identity("8:orgid:" + caller.Key.Subject)}, nil
	case code == acsidentity.CodeInvalidAccessToken:
		return Token{}, &acsauth.Error{Kind: acsauth.Forbidden, Code: "teams_token_rejected", Op: op, Err: err,
			Expected: "a Teams user's token that ACS takes", Found: "a refusal of ACS: InvalidAccessToken",
			Detail: "ACS does not accept this Teams user token.",
			Hint:   "Check that the user has a Teams licence, that consent was given for Teams.ManageCalls and Teams.ManageChats, and that the token is fresh."}
	default:
		return Token{}, acsError(op, err)
	}
}

// grant returns the scopes of a token: those asked for, if the policy has them all.
func (b *Broker) grant(op string, r TokenRequest) ([]acsauth.Scope, error) {
	allowed, asked := b.scopes, r.Scopes
	if r.Allowed != nil {
		allowed = normalScopes(r.Allowed)
	}
	if asked == nil && len(allowed) > 0 {
		return allowed, nil
	}
	if len(asked) == 0 && len(allowed) > 0 || len(asked) > len(acsauth.AllScopes()) {
		return nil, &acsauth.Error{Kind: acsauth.Invalid, Code: "scope_invalid", Op: op,
			Detail: "The list of scopes is empty or too long.", Hint: "Leave scopes out to get " + joinScopes(allowed) + "."}
	}
	for _, s := range asked {
		if !slices.Contains(acsauth.AllScopes(), s) {
			return nil, &acsauth.Error{Kind: acsauth.Invalid, Code: "scope_invalid", Op: op,
				Detail: "One of the scopes is not a scope of ACS.", Hint: "ACS knows " + joinScopes(acsauth.AllScopes()) + "."}
		}
	}
	for _, s := range asked {
		if !allows(allowed, s) {
			return nil, notAllowed(op, allowed, asked)
		}
	}
	if len(allowed) == 0 {
		return nil, notAllowed(op, allowed, asked)
	}
	return normalScopes(asked), nil
}

func notAllowed(op string, allowed, asked []acsauth.Scope) error {
	return &acsauth.Error{Kind: acsauth.Forbidden, Code: "scope_not_allowed", Op: op,
		Detail:   "Not every ACS scope that was asked for is given to this user.",
		Expected: "scopes within " + orNone(allowed), Found: orNone(asked),
		Hint: "Ask for " + orNone(allowed) + ". Operator: ACSAUTH_SCOPES, or the rule of ACSAUTH_POLICY that fits this user."}
}

func orNone(s []acsauth.Scope) string {
	if len(s) == 0 {
		return "none"
	}
	return joinScopes(s)
}

// wider names the scope that includes a narrower one.
var wider = map[acsauth.Scope][]acsauth.Scope{
	acsauth.ScopeChatJoin:        {acsauth.ScopeChat},
	acsauth.ScopeChatJoinLimited: {acsauth.ScopeChat, acsauth.ScopeChatJoin},
	acsauth.ScopeVoIPJoin:        {acsauth.ScopeVoIP},
}

func allows(allowed []acsauth.Scope, s acsauth.Scope) bool {
	return slices.Contains(allowed, s) ||
		slices.ContainsFunc(wider[s], func(w acsauth.Scope) bool { return slices.Contains(allowed, w) })
}

func grantLifetime(op string, r TokenRequest) (time.Duration, error) {
	if r.Lifetime == 0 {
		return r.MaxLifetime, nil
	}
	if r.Lifetime < acsauth.MinTokenLifetime || r.Lifetime > r.MaxLifetime || r.Lifetime%time.Minute != 0 {
		return 0, &acsauth.Error{Kind: acsauth.Invalid, Code: "lifetime_invalid", Op: op,
			Detail: fmt.Sprintf("The lifetime asked for is not within 60 to %d minutes.", r.MaxLifetime/time.Minute),
			Hint:   "Leave expiresInMinutes out, or stay within the range. Operator: ACSAUTH_TOKEN_LIFETIME and ACSAUTH_SAMPLE_TOKEN_LIFETIME."}
	}
	return r.Lifetime, nil
}

func normalScopes(s []acsauth.Scope) []acsauth.Scope {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

func joinScopes(s []acsauth.Scope) string {
	words := make([]string, len(s))
	for i := range s {
		words[i] = string(s[i])
	}
	return strings.Join(words, ",")
}
