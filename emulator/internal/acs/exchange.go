package acs

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// teamsAudiences are the names of the first-party application that a Teams
// user's token must be for.
var teamsAudiences = []string{
	"https://auth.msft.communication.azure.com",
	"https://auth.msft.communication.azure.com/",
	"1fd5118e-2576-4263-8130-9503064c837a",
}

// teamsScopes are the delegated permissions, one of which a Teams user's token
// must carry, with the scope of the token that it is exchanged for.
var teamsScopes = []struct{ permission, scope string }{
	{"Teams.ManageChats", "chat"},
	{"Teams.ManageCalls", "voip"},
}

type exchangeRequest struct {
	Token  string `json:"token"`
	AppID  string `json:"appId"`
	UserID string `json:"userId"`
}

// exchange turns the Entra token of a Teams user into a token of this service
// that expires with it.
func (s *Service) exchange(c *call) (reply, *refusal) {
	var in exchangeRequest
	if ref := decode(c.body, &in); ref != nil {
		return reply{}, ref
	}
	if !guidShape.MatchString(in.AppID) {
		return reply{}, invalid("appId", "Provided AppId has invalid format.")
	}
	if !guidShape.MatchString(in.UserID) {
		return reply{}, invalid("userId", "Provided UserId has invalid format.")
	}
	list, expires, ref := s.checkTeams(in)
	if ref != nil {
		return reply{}, ref
	}
	token, err := s.minter.sign(payload{
		Skype: "orgid:" + strings.ToLower(in.UserID), Scopes: list, Key: c.key,
		Issued: s.opts.Now(), Expires: expires,
	})
	if err != nil {
		return reply{}, internal("signing failed")
	}
	s.counts.add("exchange")
	s.counts.add("tokens")
	return reply{http.StatusOK, accessToken{token, stamp(expires)}}, nil
}

func (s *Service) checkTeams(in exchangeRequest) ([]string, time.Time, *refusal) {
	claims, err := s.opts.Verify(in.Token)
	if in.Token == "" || err != nil {
		return nil, time.Time{}, invalidAccessToken("teams token not valid")
	}
	expires, ok := timeOf(claims, "exp")
	if !ok || !expires.After(s.opts.Now()) {
		return nil, time.Time{}, invalidAccessToken("teams token expired")
	}
	if licensed := s.opts.Licensed; licensed != nil && !licensed(textOf(claims, "oid")) {
		return nil, time.Time{}, invalidAccessToken("user has no Teams licence")
	}
	list := teamsScopesIn(claims)
	if reason := teamsMismatch(claims, in, list); reason != "" {
		return nil, time.Time{}, invalidAccessToken(reason)
	}
	return list, expires, nil
}

func teamsMismatch(claims emu.Claims, in exchangeRequest, list []string) string {
	app := textOf(claims, "azp")
	if app == "" {
		app = textOf(claims, "appid")
	}
	switch {
	case !slices.ContainsFunc(textsOf(claims, "aud"), func(a string) bool { return slices.Contains(teamsAudiences, a) }):
		return "teams token for another audience"
	case len(list) == 0:
		return "teams token without a Teams scope"
	case !strings.EqualFold(app, in.AppID):
		return "teams token of another application"
	case !strings.EqualFold(textOf(claims, "oid"), in.UserID):
		return "teams token of another user"
	}
	return ""
}

func teamsScopesIn(claims emu.Claims) []string {
	held := strings.Fields(textOf(claims, "scp"))
	var out []string
	for _, s := range teamsScopes {
		if slices.Contains(held, s.permission) {
			out = append(out, s.scope)
		}
	}
	return out
}
