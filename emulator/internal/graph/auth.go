package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// audiences are Graph's names in a token.
var audiences = []string{
	"https://graph.microsoft.com", "https://graph.microsoft.com/", "00000003-0000-0000-c000-000000000000",
}

// adminRoles are the directory roles, by template id, that may write other
// users with a delegated token: Global Administrator and User Administrator.
var adminRoles = []string{"62e90394-69f5-4237-9190-012177145e10", "fe930be7-5e62-47db-91af-98c3a49a38b1"}

// grant is what a caller's token says.
type grant struct {
	app     string // client id
	object  string // object id of the user, or of the app itself
	appOnly bool
	rights  []string // scopes of a delegated token, roles of an app's own
	admin   bool
}

func (s *Service) authenticate(r *http.Request) (grant, *refusal) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return grant{}, unauthenticated("Access token is empty.")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return grant{}, unauthenticated("Authentication scheme is not supported.")
	}
	claims, err := s.opts.Verify(token)
	if err != nil {
		return grant{}, unauthenticated("CompactToken validation failed with reason code: 80049228.")
	}
	if !slices.Contains(audiences, textOf(claims, "aud")) {
		return grant{}, unauthenticated("Access token validation failure. Invalid audience.")
	}
	return readGrant(claims), nil
}

func unauthenticated(message string) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, code: "InvalidAuthenticationToken",
		message: message, challenge: true,
	}
}

func readGrant(c emu.Claims) grant {
	g := grant{
		app: textOf(c, "appid"), object: textOf(c, "oid"),
		appOnly: textOf(c, "idtyp") == "app" || textOf(c, "scp") == "",
		rights:  strings.Fields(textOf(c, "scp")),
		admin:   slices.ContainsFunc(listOf(c, "wids"), func(id string) bool { return slices.Contains(adminRoles, id) }),
	}
	if g.app == "" {
		g.app = textOf(c, "azp")
	}
	if g.appOnly {
		g.rights = listOf(c, "roles")
	}
	return g
}

// may reports whether the token allows to read or write its own user, or any.
func (g grant) may(write, own bool) bool {
	needed := []string{"User.ReadWrite.All"}
	if !write {
		needed = append(needed, "User.Read.All")
	}
	if own {
		needed = append(needed, "User.ReadWrite")
	}
	if own && !write {
		needed = append(needed, "User.Read")
	}
	if write && !own && !g.appOnly && !g.admin {
		return false
	}
	return slices.ContainsFunc(g.rights, func(r string) bool { return slices.Contains(needed, r) })
}

func sameID(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

func textOf(c emu.Claims, name string) string {
	s, _ := c[name].(string)
	return s
}

func listOf(c emu.Claims, name string) []string {
	list, _ := c[name].([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
