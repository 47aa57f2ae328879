package doctor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/entra"
)

// graphResource is what tokens for Graph are for, as the graph store asks for them.
const graphResource = "https://graph.microsoft.com"

// app looks at what the service may do as its app registration. Only identities in Microsoft Graph need that.
func (e *exam) app(ctx context.Context, h health) {
	ids := []string{"app.credential", "app.permission", "app.consent"}
	c := e.cfg
	why := ""
	switch {
	case !c.UsesGraph() && !c.GraphAdopt:
		why = "nothing is kept in Microsoft Graph"
	case e.wrong("ACSAUTH_CLIENT_", "ACSAUTH_GRAPH"):
		why = "the settings of the client have faults"
	case !h.reached:
		why = "an issuer is not well"
	case !h.clock:
		why = "the clock is wrong"
	}
	if why != "" {
		for _, id := range ids {
			e.skip(id, "", why)
		}
		return
	}
	client, err := stores.NewEntra(c, e.AllowLoopback)
	if err != nil {
		e.bad("app.credential", "", Fault, err.Error(), advice{"correct the credential", "ACSAUTH_CLIENT_SECRET, ACSAUTH_CLIENT_CERTIFICATE or ACSAUTH_CLIENT_CREDENTIAL"})
		for _, id := range ids[1:] {
			e.skip(id, "", "there is no credential")
		}
		return
	}
	defer client.Close()
	for _, tenant := range c.TenantIDs {
		e.appIn(ctx, client, tenant)
	}
	e.consent(ctx, client)
}

// appIn asks one tenant for a token of the application itself, and looks at what it permits.
func (e *exam) appIn(ctx context.Context, client *entra.Client, tenant string) {
	asking, cancel := e.bounded(ctx)
	defer cancel()
	subject := "tenant " + tenant
	token, err := client.ForApp(asking, tenant, graphResource+"/.default")
	if err != nil {
		e.refusedBy("app.credential", subject, err)
		e.skip("app.permission", subject, "there is no token")
		return
	}
	e.ok("app.credential", subject, "Entra ID gives the application a token")
	if e.cfg.GraphMode != config.Application {
		e.skip("app.permission", subject, "Graph is called with the rights of each caller")
		return
	}
	e.permission(ctx, subject, token.Value)
}

// permission wants User.ReadWrite.All in the token, and then tries a read that harms nothing.
func (e *exam) permission(ctx context.Context, subject, token string) {
	what := advice{"add the application permission User.ReadWrite.All and let an administrator grant it",
		"portal: App registrations, API permissions, Microsoft Graph, Application permissions, Grant admin consent; az ad app permission admin-consent --id " + e.cfg.ClientID}
	if roles, readable := rolesOf(token); readable && !slices.Contains(roles, "User.ReadWrite.All") && !slices.Contains(roles, "Directory.ReadWrite.All") {
		e.bad("app.permission", subject, Fault, "the application's token for Graph has no role User.ReadWrite.All", what)
		return
	}
	a, err := e.get(ctx, e.cfg.GraphURL+"/v1.0/users?$select=id&$top=1", token)
	switch {
	case err != nil:
		seen, what := unreached(err, "ACSAUTH_GRAPH_URL")
		e.bad("app.permission", subject, Fault, seen, what)
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		e.bad("app.permission", subject, Fault, fmt.Sprintf("Graph refuses to show a user (status %d)", a.status), what)
	case a.status != http.StatusOK:
		e.bad("app.permission", subject, Warning, fmt.Sprintf("Graph answers with status %d", a.status), advice{"run the doctor again later", "ACSAUTH_GRAPH_URL"})
	default:
		e.ok("app.permission", subject, "the token has the role, and a read works")
	}
}

// rolesOf reads the roles of a token that Entra ID gave us, without judging it. Microsoft may change its form.
func rolesOf(token string) (roles []string, readable bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Roles []string `json:"roles"`
	}
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return nil, false
	}
	return claims.Roles, true
}

// consent exchanges the given token for one for Graph, as the service would for that user.
func (e *exam) consent(ctx context.Context, client *entra.Client) {
	switch {
	case !e.cfg.Delegates():
		e.skip("app.consent", "", "Graph is called with the application's own rights")
		return
	case e.Token == "":
		e.skip("app.consent", "", "give --token with a user's token to see it")
		return
	}
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	v, err := service.NewVerifier(e.cfg, e.AllowLoopback, quiet())
	if err != nil {
		e.skip("app.consent", "", "the issuers cannot be used")
		return
	}
	caller, err := v.Verify(ctx, e.Token)
	if err != nil {
		e.skip("app.consent", "", "the token is not accepted")
		return
	}
	_, err = client.OnBehalfOf(ctx, caller.Tenant, caller.Key, e.Token, []string{graphResource + "/User.ReadWrite"})
	if err != nil {
		e.refusedBy("app.consent", "", err)
		return
	}
	e.ok("app.consent", "", "Entra ID gives a token for Graph on behalf of this user")
}

var causeNumber = regexp.MustCompile(`AADSTS([0-9]{1,9}),`)

// refusedBy explains a refusal of Entra ID by its number.
func (e *exam) refusedBy(id, subject string, err error) {
	number := ""
	our, ok := errors.AsType[*acsauth.Error](err)
	if !ok {
		e.bad(id, subject, Fault, "no answer of Entra ID in time", advice{"let this machine connect out to the authority", "ACSAUTH_AUTHORITY_HOST"})
		return
	}
	if our.Err != nil {
		if m := causeNumber.FindStringSubmatch(our.Err.Error()); m != nil {
			number = m[1]
		}
	}
	seen := our.Detail
	if known, ok := numbers()[number]; ok {
		e.bad(id, subject, Fault, "AADSTS"+number+": "+known.seen, advice{known.change, known.where})
		return
	}
	if number != "" && number != "0" {
		seen = "AADSTS" + number + ": " + seen
	}
	e.bad(id, subject, Fault, seen, advice{our.Hint, "portal: Microsoft Entra ID, Sign-in logs, Service principal sign-ins"})
}
