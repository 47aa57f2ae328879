package acs

import (
	"net/http"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// teamsAudiences are the names of the first-party application that a Teams
// user's token must be for.
var teamsAudiences = []string{
	"https://auth.msft.communication.azure.com",
	"https://auth.msft.communication.azure.com/",
	"1fd5118e-2576-4263-8130-9503064c837a",
}

// teamsPermissions are the delegated permissions, one of which a Teams user's
// token must carry.
var teamsPermissions = []permission{{"Teams.ManageChats", "chat"}, {"Teams.ManageCalls", "voip"}}

// teamsPrefix begins the raw id of a Teams user.
const teamsPrefix = "8:orgid:"

type exchangeRequest struct {
	Token  string `json:"token"`
	AppID  string `json:"appId"`
	UserID string `json:"userId"`
}

// exchange turns the Entra token of a Teams user into a token of this service
// that expires with it. The previews of 2021 do not have the caller name the
// application and the user.
func (s *Service) exchange(c *call) (reply, *refusal) {
	var in exchangeRequest
	if ref := decode(c.body, &in); ref != nil {
		return reply{}, ref
	}
	named := c.version >= versionOwner
	if named && !guidShape.MatchString(in.AppID) {
		return reply{}, invalid("appId", "Provided AppId has invalid format.")
	}
	if named && !guidShape.MatchString(in.UserID) {
		return reply{}, invalid("userId", "Provided UserId has invalid format.")
	}
	claims, expires, ref := s.verifyUser(in.Token)
	if ref != nil {
		return reply{}, ref
	}
	list := granted(claims, teamsPermissions)
	if reason := s.teamsMismatch(claims, in, named, list); reason != "" {
		return reply{}, invalidAccessToken(reason)
	}
	token, ref := s.mint(c, payload{
		ID: teamsPrefix + strings.ToLower(textOf(claims, "oid")), Scopes: list, Issued: s.opts.Now(), Expires: expires,
	})
	if ref != nil {
		return reply{}, ref
	}
	s.counts.add("exchange")
	return reply{http.StatusOK, token}, nil
}

// teamsMismatch tells why a valid token cannot be exchanged; "" if it can.
func (s *Service) teamsMismatch(claims emu.Claims, in exchangeRequest, named bool, list []string) string {
	user := textOf(claims, "oid")
	switch {
	case s.opts.Licensed != nil && !s.opts.Licensed(user):
		return "user has no Teams licence"
	case !isFor(claims, teamsAudiences):
		return "teams token for another audience"
	case len(list) == 0:
		return "teams token without a Teams scope"
	case !guidShape.MatchString(user):
		return "teams token without a user"
	case named && !strings.EqualFold(clientOf(claims), in.AppID):
		return "teams token of another application"
	case named && !strings.EqualFold(user, in.UserID):
		return "teams token of another user"
	}
	return ""
}
