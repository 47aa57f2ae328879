package acsidentity

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/acs-solutions/acsauth"
)

// A TeamsUser is a Microsoft Teams user with a token of Microsoft Entra ID for
// the scopes Teams.ManageCalls and Teams.ManageChats.
type TeamsUser struct {
	Token    string // the Entra access token
	ClientID string // its appid, a GUID
	ObjectID string // its oid, a GUID. Take it from a verified token, never from a request body
}

// LogValue keeps the token out of logs.
func (TeamsUser) LogValue() slog.Value { return slog.StringValue("TeamsUser([redacted])") }

// String keeps the token out of formatted text.
func (TeamsUser) String() string { return "TeamsUser([redacted])" }

// GoString keeps the token out of %#v.
func (u TeamsUser) GoString() string { return u.String() }

// ExchangeTeamsTokenOptions are the options of [Client.ExchangeTeamsToken]. There are none yet.
type ExchangeTeamsTokenOptions struct{}

// ExchangeTeamsTokenResponse is the result of [Client.ExchangeTeamsToken]. The
// service does not name the identity; it is 8:orgid:<object id>.
type ExchangeTeamsTokenResponse struct {
	AccessToken acsauth.AccessToken
	RequestID   string
}

// ExchangeTeamsToken exchanges the Entra token of a Teams user for an access token
// of Communication Services that expires with it. Success is exactly 200. It is
// tried up to three times. It needs API version 2022-06-01 or later.
func (c *Client) ExchangeTeamsToken(ctx context.Context, user TeamsUser, _ *ExchangeTeamsTokenOptions) (ExchangeTeamsTokenResponse, error) {
	r := request{op: "ExchangeTeamsToken", method: http.MethodPost, path: "/teamsUser/:exchangeAccessToken",
		want: http.StatusOK, secrets: []string{user.Token}}
	if err := user.check(); err != nil {
		return ExchangeTeamsTokenResponse{}, invalid(r.op, err)
	}
	r.body = exchangeRequest{Token: user.Token, AppID: user.ClientID, UserID: user.ObjectID}
	token, requestID, err := c.doToken(ctx, r)
	return ExchangeTeamsTokenResponse{AccessToken: token, RequestID: requestID}, err
}

var guidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func (u TeamsUser) check() error {
	switch {
	case u.Token == "" || len(u.Token) > maxTokenLen || !visible(u.Token):
		return errors.New("the Teams user's token is empty, too long or malformed")
	case !guidForm.MatchString(u.ClientID):
		return errors.New("the client id of the Teams user's token is not a GUID")
	case !guidForm.MatchString(u.ObjectID):
		return errors.New("the object id of the Teams user is not a GUID")
	}
	return nil
}
