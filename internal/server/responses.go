package server

import (
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/broker"
)

// refreshLead is how long before its end a token is to be renewed: the clients
// of ACS begin at 10 minutes, so a caller that follows refreshAfter is earlier.
const refreshLead = 11 * time.Minute

// A userResponse names an identity as each of the public samples and SDKs does.
type userResponse struct {
	ACSUserIdentity     acsauth.Identity `json:"acsUserIdentity"`
	ID                  acsauth.Identity `json:"id"`
	CommunicationUserID acsauth.Identity `json:"communicationUserId"`
	RawID               acsauth.Identity `json:"rawId"`
}

func newUserResponse(id acsauth.Identity) userResponse { return userResponse{id, id, id, id} }

// A deletionResponse says that a deletion goes on in the background.
type deletionResponse struct {
	State acsauth.State `json:"state"`
}

// The values of tokenResponse.Kind.
const (
	communicationUser = "communicationUser"
	teamsUser         = "teamsUser"
)

// A tokenResponse can be given to an ACS client library as it is.
type tokenResponse struct {
	Token              string          `json:"token"`
	ExpiresOn          string          `json:"expiresOn"`          // RFC 3339, UTC
	ExpiresOnTimestamp int64           `json:"expiresOnTimestamp"` // milliseconds since 1970
	RefreshAfter       string          `json:"refreshAfter"`       // RFC 3339, UTC
	Kind               string          `json:"kind"`
	Endpoint           string          `json:"endpoint"`
	Scopes             []acsauth.Scope `json:"scopes,omitempty"`
	User               tokenUser       `json:"user"`
}

type tokenUser struct {
	ID                   acsauth.Identity `json:"id"`
	CommunicationUserID  acsauth.Identity `json:"communicationUserId,omitempty"`
	MicrosoftTeamsUserID string           `json:"microsoftTeamsUserId,omitempty"`
	RawID                acsauth.Identity `json:"rawId"`
}

func (s *Server) communicationToken(t broker.Token) tokenResponse {
	r := s.newTokenResponse(communicationUser, t)
	r.User.CommunicationUserID = t.Identity
	return r
}

// teamsPrefix begins the raw id of a Teams user; the object id follows.
const teamsPrefix = "8:orgid:"

func (s *Server) teamsToken(t broker.Token) tokenResponse {
	r := s.newTokenResponse(teamsUser, t)
	if len(t.Identity) > len(teamsPrefix) {
		r.User.MicrosoftTeamsUserID = string(t.Identity[len(teamsPrefix):])
	}
	return r
}

func (s *Server) newTokenResponse(kind string, t broker.Token) tokenResponse {
	refresh := t.ExpiresOn.Add(-refreshLead)
	if now := s.o.Now(); refresh.Before(now) {
		refresh = now
	}
	return tokenResponse{
		Token: t.Token, ExpiresOn: t.ExpiresOn.UTC().Format(time.RFC3339), ExpiresOnTimestamp: t.ExpiresOn.UnixMilli(),
		RefreshAfter: refresh.UTC().Format(time.RFC3339), Kind: kind, Endpoint: s.o.Endpoint, Scopes: t.Scopes,
		User: tokenUser{ID: t.Identity, RawID: t.Identity},
	}
}
