package authn_test

import (
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/authn"
)

func TestIssuersMustNotOverlap(t *testing.T) {
	entra := authn.Issuer{Name: "one", AuthorityHost: publicHost, TenantIDs: []string{tenantA}, Audiences: []string{apiID, apiURI}, AllowedClients: []string{spaID}}
	with := func(base authn.Issuer, change func(*authn.Issuer)) authn.Issuer {
		base.Name = "two"
		change(&base)
		return base
	}
	b2c := authn.Issuer{Name: "one", Kind: authn.B2C, AuthorityHost: b2cHost, TenantIDs: []string{tenantB}, Policies: []string{"b2c_1_a"}, Audiences: []string{apiID}, AllowedClients: []string{"*"}}
	ciam := authn.Issuer{Name: "one", Kind: authn.ExternalID, AuthorityHost: ciamHost, TenantIDs: []string{tenantB}, Audiences: []string{apiID}, AllowedClients: []string{"*"}}
	oidc := authn.Issuer{Name: "one", Kind: authn.OIDC, IssuerURL: oidcURL, Audiences: []string{"a"}, AllowedClients: []string{"*"}}
	const same = "would accept the same tokens"
	for name, c := range map[string]struct {
		one, two authn.Issuer
		want     string
	}{
		"same":                           {entra, with(entra, func(*authn.Issuer) {}), same},
		"same tenant in other case":      {entra, with(entra, func(i *authn.Issuer) { i.TenantIDs = []string{strings.ToUpper(tenantA)} }), same},
		"one tenant in common":           {entra, with(entra, func(i *authn.Issuer) { i.TenantIDs = []string{tenantB, tenantA} }), same},
		"any tenant":                     {entra, with(entra, func(i *authn.Issuer) { i.TenantIDs, i.AnyTenant = nil, true }), same},
		"one audience in common":         {entra, with(entra, func(i *authn.Issuer) { i.Audiences = []string{strangerID, apiURI} }), same},
		"other audiences":                {entra, with(entra, func(i *authn.Issuer) { i.Audiences = []string{strangerID} }), ""},
		"any tenant, other audiences":    {entra, with(entra, func(i *authn.Issuer) { i.TenantIDs, i.AnyTenant, i.Audiences = nil, true, []string{strangerID} }), ""},
		"other tenant":                   {entra, with(entra, func(i *authn.Issuer) { i.TenantIDs = []string{tenantB} }), ""},
		"other cloud":                    {entra, with(entra, func(i *authn.Issuer) { i.AuthorityHost = govHost }), ""},
		"same host with a slash":         {entra, with(entra, func(i *authn.Issuer) { i.AuthorityHost = publicHost + "/" }), same},
		"name in other case":             {entra, authn.Issuer{Name: "ONE", AuthorityHost: govHost, TenantIDs: []string{tenantA}, Audiences: []string{apiID}, AllowedClients: []string{spaID}}, "given twice"},
		"B2C, policy in other case":      {b2c, with(b2c, func(i *authn.Issuer) { i.Policies = []string{"B2C_1_A"} }), same},
		"B2C, other policy":              {b2c, with(b2c, func(i *authn.Issuer) { i.Policies = []string{"b2c_1_b"} }), ""},
		"B2C, other audience":            {b2c, with(b2c, func(i *authn.Issuer) { i.Audiences = []string{strangerID} }), ""},
		"External ID by two names":       {ciam, with(ciam, func(i *authn.Issuer) { i.AuthorityHost = "https://fabrikam.ciamlogin.com" }), same},
		"External ID as OpenID Connect":  {ciam, with(oidc, func(i *authn.Issuer) { i.IssuerURL = "https://" + tenantB + ".ciamlogin.com/" + tenantB + "/v2.0" }), same},
		"OpenID Connect twice":           {oidc, with(oidc, func(i *authn.Issuer) { i.Audiences = []string{"b"} }), same},
		"OpenID Connect, another issuer": {oidc, with(oidc, func(i *authn.Issuer) { i.IssuerURL += "2" }), ""},
		"Entra ID as OpenID Connect":     {entra, with(oidc, func(i *authn.Issuer) { i.IssuerURL = publicHost + "/" + tenantA + "/v2.0" }), same},
		"its v1 as OpenID Connect":       {entra, with(oidc, func(i *authn.Issuer) { i.IssuerURL = "https://sts.windows.net/" + tenantA + "/" }), same},
		"other tenant as OpenID Connect": {entra, with(oidc, func(i *authn.Issuer) { i.IssuerURL = publicHost + "/" + tenantB + "/v2.0" }), ""},
	} {
		for _, list := range [][]authn.Issuer{{c.one, c.two}, {c.two, c.one}} {
			opt := authn.Options{Issuers: list, Transport: newAuthority()}
			_, err := authn.New(opt)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
			if verr := opt.Validate(); (verr == nil) != (err == nil) {
				t.Errorf("%s: Validate says %v, New %v", name, verr, err)
			}
		}
	}
}

func TestIssuerFaults(t *testing.T) {
	oidc := authn.Issuer{Kind: authn.OIDC, IssuerURL: oidcURL, Audiences: []string{"a"}, AllowedClients: []string{"web"}}
	b2c := authn.Issuer{Kind: authn.B2C, AuthorityHost: b2cHost, TenantIDs: []string{tenantB}, Policies: []string{"b2c_1_a"}, Audiences: []string{apiID}, AllowedClients: []string{"*"}}
	ciam := authn.Issuer{Kind: authn.ExternalID, AuthorityHost: ciamHost, TenantIDs: []string{tenantB}, Audiences: []string{apiID}, AllowedClients: []string{"*"}}
	entra := authn.Issuer{AuthorityHost: publicHost, TenantIDs: []string{tenantA}, Audiences: []string{apiID}, AllowedClients: []string{"*"}}
	for name, c := range map[string]struct {
		base   authn.Issuer
		change func(*authn.Issuer)
		want   string // "": accepted
	}{
		"oidc":                   {oidc, func(*authn.Issuer) {}, ""},
		"oidc, any client":       {oidc, func(i *authn.Issuer) { i.AllowedClients = []string{"*"} }, ""},
		"immutable claim":        {oidc, func(i *authn.Issuer) { i.KeyClaim = "https://id.example.com/uid" }, ""},
		"http":                   {oidc, func(i *authn.Issuer) { i.IssuerURL = "http://id.example.com" }, "not https"},
		"loopback":               {oidc, func(i *authn.Issuer) { i.IssuerURL = "https://x.localhost/" }, "development"},
		"query":                  {oidc, func(i *authn.Issuer) { i.IssuerURL += "?x" }, "fixed URL"},
		"template":               {oidc, func(i *authn.Issuer) { i.IssuerURL += "/{tenantid}" }, "fixed URL"},
		"user":                   {oidc, func(i *authn.Issuer) { i.IssuerURL = "https://u@id.example.com" }, "fixed URL"},
		"no issuer":              {oidc, func(i *authn.Issuer) { i.IssuerURL = "" }, "fixed URL"},
		"HS256":                  {oidc, func(i *authn.Issuer) { i.Algorithms = []string{"RS256", "HS256"} }, "HS256"},
		"none":                   {oidc, func(i *authn.Issuer) { i.Algorithms = []string{"none"} }, "none"},
		"host of keys with path": {oidc, func(i *authn.Issuer) { i.KeysHosts = []string{"keys.example.com/x"} }, "host name"},
		"host of keys as URL":    {oidc, func(i *authn.Issuer) { i.KeysHosts = []string{"https://keys.example.com"} }, "host name"},
		"tenant of oidc":         {oidc, func(i *authn.Issuer) { i.TenantIDs = []string{tenantA} }, "no tenant ids"},
		"guests of oidc":         {oidc, func(i *authn.Issuer) { i.AllowGuests = true }, "no guests"},
		"no client of oidc":      {oidc, func(i *authn.Issuer) { i.AllowedClients = nil }, "no allowed client"},
		"no audience of oidc":    {oidc, func(i *authn.Issuer) { i.Audiences = nil }, "no audience"},
		"any client beside one":  {oidc, func(i *authn.Issuer) { i.AllowedClients = []string{"*", "web"} }, "not one word"},
		"b2c":                    {b2c, func(i *authn.Issuer) { i.KeyClaim = "oid" }, ""},
		"b2c without policy":     {b2c, func(i *authn.Issuer) { i.Policies = nil }, "no policy"},
		"b2c, policy with path":  {b2c, func(i *authn.Issuer) { i.Policies = []string{"../x"} }, "no policy has"},
		"b2c, key":               {b2c, func(i *authn.Issuer) { i.KeyClaim = "tid" }, "sub and oid"},
		"b2c, two tenants":       {b2c, func(i *authn.Issuer) { i.TenantIDs = []string{tenantA, tenantB} }, "more than one"},
		"external id":            {ciam, func(*authn.Issuer) {}, ""},
		"custom domain":          {ciam, func(i *authn.Issuer) { i.AuthorityHost = "https://login.contoso.com" }, "custom domain"},
		"custom domain and iss": {ciam, func(i *authn.Issuer) {
			i.AuthorityHost, i.IssuerURL = "https://login.contoso.com", "https://"+tenantB+".ciamlogin.com/"+tenantB+"/v2.0"
		}, ""},
		"policies of external id": {ciam, func(i *authn.Issuer) { i.Policies = []string{"p"} }, "no policies"},
		"any tenant":              {entra, func(i *authn.Issuer) { i.TenantIDs, i.AnyTenant = nil, true }, ""},
		"any tenant and a list":   {entra, func(i *authn.Issuer) { i.AnyTenant = true }, "exclude"},
		"any tenant of b2c":       {b2c, func(i *authn.Issuer) { i.AnyTenant = true }, "no any tenant"},
		"PS256 of Entra ID":       {entra, func(i *authn.Issuer) { i.Algorithms = []string{"PS256"} }, "algorithms"},
		"scope with a space":      {entra, func(i *authn.Issuer) { i.Scopes = []string{"a b"} }, "one word"},
		"empty scope":             {entra, func(i *authn.Issuer) { i.Scopes = []string{""} }, "one word"},
		"empty role":              {entra, func(i *authn.Issuer) { i.Roles = []string{""} }, "one word"},
		"name":                    {entra, func(i *authn.Issuer) { i.Name = "a b" }, "the name is not"},
		"unknown kind":            {entra, func(i *authn.Issuer) { i.Kind = 9 }, "kind is unknown"},
	} {
		i := c.base
		c.change(&i)
		_, err := authn.New(authn.Options{Issuers: []authn.Issuer{i}})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, claim := range []string{"email", "Email", "upn", "preferred_username", "name", "unique_name", "aud", "iss", "azp", "client_id", "tid", "scope", "exp", "sid", "nickname", "", " ", "a b"} {
		i := oidc
		if i.KeyClaim = claim; claim == "" {
			i.KeyClaim = "\x00"
		}
		if _, err := authn.New(authn.Options{Issuers: []authn.Issuer{i}}); err == nil || !strings.Contains(err.Error(), "user's key") {
			t.Errorf("key claim %q: %v", claim, err)
		}
	}
}
