package server

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// teamsHeaderName carries the Entra token of a Teams user, as in the public sample.
const teamsHeaderName = "teams-user-aad-token"

// none is the input of an endpoint that takes none, or the output of one that gives none.
type none struct{}

// noInput accepts no query and, as body, nothing or an empty object.
func noInput(r *http.Request) (none, error) {
	if _, err := query(r); err != nil {
		return none{}, err
	}
	return none{}, readBody(r, members{})
}

// A tokenInput narrows a token. Zero values stand for the policy's.
type tokenInput struct {
	scopes   []acsauth.Scope
	lifetime time.Duration
}

// tokenQuery reads ?scopes=chat,voip&expiresInMinutes=60.
func tokenQuery(r *http.Request) (in tokenInput, err error) {
	q, err := query(r, "scopes", "expiresInMinutes")
	if err != nil {
		return in, err
	}
	if v, ok := q["scopes"]; ok {
		for s := range strings.SplitSeq(v[0], ",") {
			in.scopes = append(in.scopes, acsauth.Scope(s))
		}
	}
	if v, ok := q["expiresInMinutes"]; ok {
		n, err := strconv.ParseInt(v[0], 10, 64)
		if err != nil {
			return in, errRequest("The query parameter expiresInMinutes is not a whole number.", "Send for example expiresInMinutes=60.")
		}
		return in, in.setMinutes(n)
	}
	return in, nil
}

// tokenBody reads {"scopes":["chat"],"expiresInMinutes":60}.
func tokenBody(r *http.Request) (in tokenInput, err error) {
	if _, err := query(r); err != nil {
		return in, err
	}
	var scopes []string
	var minutes *int64
	if err := readBody(r, members{"scopes": stringList(&scopes), "expiresInMinutes": integer(&minutes)}); err != nil {
		return in, err
	}
	if scopes != nil {
		in.scopes = make([]acsauth.Scope, len(scopes))
	}
	for i, s := range scopes {
		in.scopes[i] = acsauth.Scope(s)
	}
	if minutes != nil {
		return in, in.setMinutes(*minutes)
	}
	return in, nil
}

// setMinutes refuses here what no policy allows, zero above all: to the broker it means the default.
func (in *tokenInput) setMinutes(n int64) error {
	if n < int64(acsauth.MinTokenLifetime/time.Minute) || n > int64(acsauth.MaxTokenLifetime/time.Minute) {
		return errLifetime()
	}
	in.lifetime = time.Duration(n) * time.Minute
	return nil
}

// teamsHeader reads the Teams token from the header.
func teamsHeader(r *http.Request) (string, error) {
	if _, err := query(r); err != nil {
		return "", err
	}
	return oneTeamsToken(r.Header, "")
}

// teamsBody reads the Teams token from the header or from {"teamsUserAadToken":"..."}.
func teamsBody(r *http.Request) (string, error) {
	if _, err := query(r); err != nil {
		return "", err
	}
	var body string
	if err := readBody(r, members{"teamsUserAadToken": text(&body)}); err != nil {
		return "", err
	}
	return oneTeamsToken(r.Header, body)
}

func oneTeamsToken(h http.Header, body string) (string, error) {
	values := h.Values(teamsHeaderName)
	switch {
	case len(values) > 1:
		return "", errRequest("The request has more than one teams-user-aad-token header.", "Send it once.")
	case len(values) == 0:
		return body, nil
	case body != "" && body != values[0]:
		return "", errRequest("The header teams-user-aad-token and the member teamsUserAadToken hold different tokens.", "Send one of them.")
	}
	return values[0], nil
}

// query returns the query, in which each name must be one of those given, and be there once.
func query(r *http.Request, names ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errRequest("The query of the URL is malformed.", "Encode it as application/x-www-form-urlencoded.")
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			return nil, errRequest("This route and method take no query parameter "+shown(name)+".", "Leave it out, or send it as a member of the JSON body of a POST.")
		}
		if len(values) != 1 {
			return nil, errRequest("The query parameter "+shown(name)+" is there twice.", "Send it once; separate scopes by commas.")
		}
	}
	return q, nil
}
