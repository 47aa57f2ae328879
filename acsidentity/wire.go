package acsidentity

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

const (
	maxTokenLen  = 16 << 10
	maxHeaderLen = 128
)

type createRequest struct {
	CustomID         string          `json:"customId,omitempty"`
	Scopes           []acsauth.Scope `json:"createTokenWithScopes,omitempty"`
	ExpiresInMinutes int             `json:"expiresInMinutes,omitempty"`
}

type issueRequest struct {
	Scopes           []acsauth.Scope `json:"scopes"`
	ExpiresInMinutes int             `json:"expiresInMinutes,omitempty"`
}

type exchangeRequest struct {
	Token  string `json:"token"`
	AppID  string `json:"appId"`
	UserID string `json:"userId"`
}

type createAnswer struct {
	Identity struct {
		ID string `json:"id"`
	} `json:"identity"`
	AccessToken *tokenAnswer `json:"accessToken"`
}

type tokenAnswer struct {
	Token     string `json:"token"`
	ExpiresOn string `json:"expiresOn"`
}

var errNotJSON = errors.New("the body is not the JSON object expected")

// decode fills out. The identity is set even if the token is not as it should be.
func (out *CreateIdentityResponse) decode(body []byte) error {
	var a createAnswer
	err := json.Unmarshal(body, &a)
	if id := acsauth.Identity(a.Identity.ID); id.Valid() {
		out.Identity = id
	}
	switch {
	case err != nil:
		return errNotJSON // the cause may quote the body
	case out.Identity == "":
		return errors.New("the identity is missing or malformed")
	case a.AccessToken == nil:
		return nil
	}
	token, err := a.AccessToken.parse()
	if err != nil {
		return err
	}
	out.AccessToken = &token
	return nil
}

func decodeToken(body []byte) (acsauth.AccessToken, error) {
	var a tokenAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return acsauth.AccessToken{}, errNotJSON
	}
	return a.parse()
}

// parse checks that the token can stand in a header; its text means nothing here.
// The service writes the time with seven decimals and an offset.
func (a tokenAnswer) parse() (acsauth.AccessToken, error) {
	switch {
	case a.Token == "":
		return acsauth.AccessToken{}, errors.New("the token is missing")
	case len(a.Token) > maxTokenLen:
		return acsauth.AccessToken{}, errors.New("the token is longer than 16 KiB")
	case !visible(a.Token):
		return acsauth.AccessToken{}, errors.New("the token holds characters that no token has")
	}
	expires, err := time.Parse(time.RFC3339, a.ExpiresOn)
	if err != nil {
		return acsauth.AccessToken{}, errors.New("expiresOn is not an RFC 3339 time")
	}
	return acsauth.AccessToken{Token: a.Token, ExpiresOn: expires.UTC()}, nil
}

// visible reports whether s is printable ASCII without blanks.
func visible(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// printable returns s if it is short and harmless in a log, or "".
func printable(s string, limit int) string {
	if len(s) > limit || !visible(s) {
		return ""
	}
	return s
}
