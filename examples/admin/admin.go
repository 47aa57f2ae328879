package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// An Admin is a program that looks after other people's identities: it signs in as itself, with an app role of the API.
type Admin struct {
	Acsauth      string // URL of acsauth
	Authority    string // https://login.microsoftonline.com/TENANT
	API          string // client id of acsauth's app registration
	ClientID     string // this program's
	ClientSecret string
	HTTP         *http.Client // does not follow redirects
}

// NewHTTP returns a client that keeps secrets where they were sent.
func NewHTTP() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Provision gives a user an identity before the first sign-in, and returns it. made is false if there was one.
func (a Admin) Provision(ctx context.Context, tenantID, objectID string) (identity string, made bool, err error) {
	token, err := a.token(ctx)
	if err != nil {
		return "", false, fmt.Errorf("sign in: %w", err)
	}
	body, err := json.Marshal(map[string]any{"user": map[string]string{"tenantId": tenantID, "objectId": objectID}})
	if err != nil {
		return "", false, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Acsauth+"/api/admin/provision", bytes.NewReader(body))
	if err != nil {
		return "", false, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	var answer struct {
		ACSUserIdentity string `json:"acsUserIdentity"`
		Code, Detail    string // of a refusal
	}
	status, err := a.do(r, &answer)
	switch {
	case err != nil:
		return "", false, err
	case status != http.StatusOK && status != http.StatusCreated:
		return "", false, fmt.Errorf("%d %s: %s", status, answer.Code, answer.Detail)
	}
	return answer.ACSUserIdentity, status == http.StatusCreated, nil
}

// token gets a token for acsauth by client credentials. Keep it until it ends, if you make many calls; with a managed identity, ask that one.
func (a Admin) token(ctx context.Context) (string, error) {
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {a.ClientID}, "client_secret": {a.ClientSecret}, "scope": {"api://" + a.API + "/.default"},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Authority+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
	}
	status, err := a.do(r, &answer)
	if err == nil && (status != http.StatusOK || answer.AccessToken == "") {
		err = errors.New("refused: " + answer.Error)
	}
	return answer.AccessToken, err
}

func (a Admin) do(r *http.Request, answer any) (status int, err error) {
	res, err := a.HTTP.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(b, answer)
	}
	return res.StatusCode, err
}
