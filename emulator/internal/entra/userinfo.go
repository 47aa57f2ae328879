package entra

import (
	"net/http"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// userInfoPath is where Microsoft Graph has the UserInfo endpoint of OpenID Connect.
const userInfoPath = "/oidc/userinfo"

// userInfo answers the claims of the user that a Graph token with the scope openid stands for. sub is that of the client's
// id_token, as OpenID Connect Core 5.3.2 demands.
func (s *Service) userInfo(w http.ResponseWriter, r *http.Request) {
	if answerCORS(w, r, "GET POST") {
		return
	}
	s.counts.add("userinfo")
	noStore(w.Header())
	c, u := s.userInfoCaller(r)
	if u == nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": map[string]string{
			"code": "InvalidAuthenticationToken", "message": "Access token is empty, not valid, or not for Microsoft Graph with the scope openid.",
		}})
		return
	}
	writeJSON(w, http.StatusOK, userInfoOf(c, u, s.Base()))
}

// userInfoCaller verifies the token of a request; the user is nil when it does not do.
func (s *Service) userInfoCaller(r *http.Request) (emu.Claims, *User) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, nil
	}
	c, err := s.Verify(strings.TrimSpace(token))
	if err != nil || s.dir.resource(text(c, "aud")) != s.dir.resource(s.dir.Graph) ||
		!strings.Contains(" "+text(c, "scp")+" ", " openid ") {
		return nil, nil
	}
	return c, s.dir.userIn(text(c, "tid"), text(c, "oid"))
}

// userInfoOf are the claims of the answer. The mail address is there with the scope email only.
func userInfoOf(c emu.Claims, u *User, base string) map[string]string {
	info := map[string]string{"sub": pairwise(text(c, "appid"), u.ObjectID)}
	scopes := " " + text(c, "scp") + " "
	if strings.Contains(scopes, " profile ") {
		info["name"], info["given_name"], info["family_name"] = u.DisplayName, u.GivenName, u.Surname
		info["picture"] = base + "/v1.0/me/photo/$value"
	}
	if strings.Contains(scopes, " email ") {
		info["email"] = u.Mail
	}
	return info
}
