package entra

import (
	"crypto/subtle"
	"net/http"
	"net/url"
)

// authenticate finds the client of a token request and checks its secret, from the body or by HTTP Basic, or its assertion.
func (s *Service) authenticate(r *http.Request, form url.Values, t tenant) (*App, *Error) {
	id, secret, e := credentials(r, form)
	if e != nil {
		return nil, e
	}
	app, e := s.clientAt(t, id, form.Get("grant_type"))
	if e != nil {
		return nil, e
	}
	asserted := form.Has("client_assertion")
	if s.flow.loose && (secret != "" || app.Public && asserted) {
		return confidential(app, "1"), nil
	}
	switch {
	case app.Public && (secret != "" || asserted):
		return nil, fail(700025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.")
	case app.Public:
		return app, nil
	case asserted:
		if e := s.checkClientAssertion(r, form, app, t); e != nil {
			return nil, e
		}
		return confidential(app, "2"), nil
	case secret == "":
		return nil, fail(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	case app.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(app.Secret)) != 1:
		return nil, fail(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client "+
			"secret value, not the client secret ID, for a secret added to app '%s'.", app.ID)
	}
	return app, nil
}

// confidential is an application that has proved who it is: by a secret, 1, or by an assertion, 2.
func confidential(app *App, proof string) *App {
	out := *app
	out.Public, out.proof = false, proof
	return &out
}

// credentials reads client id and secret. In HTTP Basic both are form-encoded (RFC 6749 2.3.1).
func credentials(r *http.Request, form url.Values) (id, secret string, e *Error) {
	id, secret = form.Get("client_id"), form.Get("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		basicID, err1 := url.QueryUnescape(user)
		basicSecret, err2 := url.QueryUnescape(pass)
		if err1 != nil || err2 != nil || secret != "" || id != "" && id != basicID {
			return "", "", fail(90023, "The client credentials of the Authorization header and of the body do not fit.")
		}
		id, secret = basicID, basicSecret
	}
	if id == "" {
		return "", "", missing("client_id")
	}
	return id, secret, nil
}
