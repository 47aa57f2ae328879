package entra

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// tokenAnswerV1 is the answer of the v1 token endpoint: it names a resource, and numbers are strings.
type tokenAnswerV1 struct {
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
	ExpiresIn    string `json:"expires_in"`
	ExtExpiresIn string `json:"ext_expires_in"`
	ExpiresOn    string `json:"expires_on"`
	NotBefore    string `json:"not_before"`
	Resource     string `json:"resource"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// tokenV1 is the token endpoint of v1, for applications that act for themselves or on behalf of a user.
func (s *Service) tokenV1(w http.ResponseWriter, r *http.Request, t tenant) {
	answer, e := s.redeemV1(r, t)
	s.reply(w, r, answer, e)
}

// redeemV1 runs a grant for all that the client has consent for at one resource.
func (s *Service) redeemV1(r *http.Request, t tenant) (*tokenAnswerV1, *Error) {
	if e := readForm(r); e != nil {
		return nil, e
	}
	form := url.Values{}
	for name, values := range r.PostForm {
		form[name] = values
	}
	switch grant := form.Get("grant_type"); grant {
	case "", grantClient, grantOBO:
	default:
		return nil, fail(70003, "The app requested an unsupported grant type '%s'.", clip(grant))
	}
	resource := form.Get("resource")
	if resource == "" {
		return nil, missing("resource")
	}
	form.Set("scope", resource+"/.default")
	v2, e := s.redeemForm(r, form, t)
	if e != nil {
		return nil, e
	}
	now := s.now()
	seconds := strconv.FormatInt(v2.ExpiresIn, 10)
	answer := &tokenAnswerV1{
		TokenType: v2.TokenType, ExpiresIn: seconds, ExtExpiresIn: seconds, Resource: resource, AccessToken: v2.AccessToken,
		ExpiresOn: strconv.FormatInt(now.Add(time.Duration(v2.ExpiresIn)*time.Second).Unix(), 10),
		NotBefore: strconv.FormatInt(now.Unix(), 10),
	}
	if form.Get("grant_type") == grantOBO {
		answer.Scope, answer.RefreshToken = shortScopes(v2.Scope), v2.RefreshToken
	}
	return answer, nil
}

// shortScopes are the names of permissions without their resource, as v1 spells them.
func shortScopes(scope string) string {
	var names []string
	for word := range strings.FieldsSeq(scope) {
		if name := word[strings.LastIndexByte(word, '/')+1:]; name != defaultScope {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}
