package acsidentity

import (
	"context"
	"net/http"
	"time"

	"github.com/acs-solutions/acsauth"
)

// CreateIdentityOptions are the options of [Client.CreateIdentity].
type CreateIdentityOptions struct {
	// Scopes asks for an access token with the identity. None: no token.
	Scopes []acsauth.Scope
	// ExpiresIn is the lifetime of the token, 60 to 1440 minutes, rounded down to
	// whole minutes. Zero: the default of the service, 24 hours.
	ExpiresIn time.Duration
	// CustomID, 1 to 256 bytes, makes a repeated call with the same value return the same
	// identity. Only API version [CustomIDAPIVersion] knows it; with others it is an error.
	CustomID string
}

// CreateIdentityResponse is the result of [Client.CreateIdentity].
type CreateIdentityResponse struct {
	Identity acsauth.Identity
	// AccessToken is nil unless scopes were asked for and the service gave a token.
	AccessToken *acsauth.AccessToken
	RequestID   string
}

// CreateIdentity makes an identity, and a token for it if options has scopes.
//
// It is sent once and never repeated, at no layer: a repeat would make a second
// identity, and there is no way to find the first. It is bounded by ctx, and by
// 30 seconds. Success is exactly 201. If [Error.Sent] is true and StatusCode is 0,
// 2xx, 408 or 5xx, an identity may exist that nobody knows. If the answer named
// the identity but was wrong otherwise, Identity is set next to the error.
func (c *Client) CreateIdentity(ctx context.Context, options *CreateIdentityOptions) (CreateIdentityResponse, error) {
	o := valueOf(options)
	r := request{op: "CreateIdentity", method: http.MethodPost, path: "/identities", want: http.StatusCreated, once: true}
	minutes, err := checkExpiresIn(o.ExpiresIn)
	if err == nil {
		err = checkScopes(o.Scopes)
	}
	if err == nil {
		err = checkCustomID(o.CustomID, c.version)
	}
	if err != nil {
		return CreateIdentityResponse{}, invalid(r.op, err)
	}
	r.body = createRequest{CustomID: o.CustomID, Scopes: o.Scopes, ExpiresInMinutes: minutes}
	var out CreateIdentityResponse
	requestID, err := c.do(ctx, r, out.decode)
	if err != nil {
		return CreateIdentityResponse{Identity: out.Identity, RequestID: requestID}, err
	}
	out.RequestID = requestID
	return out, nil
}

// IssueTokenOptions are the options of [Client.IssueToken].
type IssueTokenOptions struct {
	// ExpiresIn is the lifetime of the token, 60 to 1440 minutes, rounded down to
	// whole minutes. Zero: the default of the service, 24 hours.
	ExpiresIn time.Duration
}

// IssueTokenResponse is the result of [Client.IssueToken].
type IssueTokenResponse struct {
	AccessToken acsauth.AccessToken
	RequestID   string
}

// IssueToken issues a new access token for id; earlier ones stay valid. Scopes
// must hold at least one. Success is exactly 200. It is tried up to three times.
func (c *Client) IssueToken(ctx context.Context, id acsauth.Identity, scopes []acsauth.Scope, options *IssueTokenOptions) (IssueTokenResponse, error) {
	r := request{op: "IssueToken", method: http.MethodPost, path: identityPath(id) + "/:issueAccessToken", want: http.StatusOK}
	minutes, err := checkExpiresIn(valueOf(options).ExpiresIn)
	if err == nil {
		err = checkIdentity(id)
	}
	if err == nil && len(scopes) == 0 {
		err = errNoScopes
	}
	if err == nil {
		err = checkScopes(scopes)
	}
	if err != nil {
		return IssueTokenResponse{}, invalid(r.op, err)
	}
	r.body = issueRequest{Scopes: scopes, ExpiresInMinutes: minutes}
	token, requestID, err := c.doToken(ctx, r)
	return IssueTokenResponse{AccessToken: token, RequestID: requestID}, err
}

// RevokeTokensOptions are the options of [Client.RevokeTokens]. There are none yet.
type RevokeTokensOptions struct{}

// RevokeTokensResponse is the result of [Client.RevokeTokens].
type RevokeTokensResponse struct {
	RequestID string
}

// RevokeTokens revokes every token issued for id so far. The service may take up
// to 15 minutes to spread that. Success is exactly 204. It is tried up to three times.
func (c *Client) RevokeTokens(ctx context.Context, id acsauth.Identity, _ *RevokeTokensOptions) (RevokeTokensResponse, error) {
	r := request{op: "RevokeTokens", method: http.MethodPost, path: identityPath(id) + "/:revokeAccessTokens", want: http.StatusNoContent}
	if err := checkIdentity(id); err != nil {
		return RevokeTokensResponse{}, invalid(r.op, err)
	}
	requestID, err := c.do(ctx, r, nil)
	return RevokeTokensResponse{RequestID: requestID}, err
}

// DeleteIdentityOptions are the options of [Client.DeleteIdentity]. There are none yet.
type DeleteIdentityOptions struct{}

// DeleteIdentityResponse is the result of [Client.DeleteIdentity].
type DeleteIdentityResponse struct {
	RequestID string
}

// DeleteIdentity deletes id, its chat messages and its tokens. It cannot be undone.
// Success is exactly 204. It is tried up to three times; if an earlier try did the
// work and its answer was lost, a later one may fail with [CodeIdentityNotOwned].
func (c *Client) DeleteIdentity(ctx context.Context, id acsauth.Identity, _ *DeleteIdentityOptions) (DeleteIdentityResponse, error) {
	r := request{op: "DeleteIdentity", method: http.MethodDelete, path: identityPath(id), want: http.StatusNoContent}
	if err := checkIdentity(id); err != nil {
		return DeleteIdentityResponse{}, invalid(r.op, err)
	}
	requestID, err := c.do(ctx, r, nil)
	return DeleteIdentityResponse{RequestID: requestID}, err
}

// doToken sends a request that a bare token answers.
func (c *Client) doToken(ctx context.Context, r request) (acsauth.AccessToken, string, error) {
	var token acsauth.AccessToken
	requestID, err := c.do(ctx, r, func(body []byte) (err error) {
		token, err = decodeToken(body)
		return err
	})
	if err != nil {
		return acsauth.AccessToken{}, requestID, err
	}
	return token, requestID, nil
}

func identityPath(id acsauth.Identity) string { return "/identities/" + escape(string(id)) }
