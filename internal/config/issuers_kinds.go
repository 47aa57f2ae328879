package config

import (
	"regexp"
	"slices"
	"strings"
)

// issuerAdvice says what to write for a member.
var issuerAdvice = map[string]string{
	"name":         "1 to 64 letters, digits and . - _, such as partners",
	"kind":         "entra, external-id, b2c or oidc",
	"authority":    "an https URL without a path, such as https://login.microsoftonline.us",
	"issuer":       "the iss claim of the tokens, byte for byte, an https URL",
	"tenants":      "directory (tenant) ids, GUIDs",
	"tenant":       "the directory (tenant) id, a GUID",
	"policies":     "names of user flows, such as B2C_1_signin",
	"audiences":    "the application (client) id of this API's registration, and its App ID URIs, such as api://ID",
	"clients":      "the application (client) ids of your apps, or * alone for all",
	"appClients":   "the application (client) ids of programs without a user",
	"teamsClients": "the application (client) ids of the apps that sign Teams users in, GUIDs",
	"scopes":       "names of scopes of this API's registration, such as access_as_user",
	"roles":        "values of app roles",
	"keysHosts":    "host names in lower case, such as keys.example.com",
	"algorithms":   "some of RS256, PS256, ES256, ES384",
	"keyClaim":     "a claim that never changes, such as sub",
}

// members of an issuer beside name, kind, audiences, clients, appClients, scopes and roles.
var kindMembers = map[string][]string{
	KindEntra:      {"authority", "tenants", "anyTenant", "teamsClients", "guests"},
	KindExternalID: {"authority", "tenant", "issuer"},
	KindB2C:        {"authority", "tenant", "policies", "keyClaim"},
	KindOIDC:       {"issuer", "keysHosts", "algorithms", "keyClaim"},
}

var (
	issuerNameForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	policyForm     = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
	hostNameForm   = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$`)
	claimNameForm  = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,64}$`)
	wordForm       = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,256}$`)
)

func (p *issuerParser) issuer(n node) Issuer {
	o := p.object(n)
	i := Issuer{Kind: p.text(o, "kind", true), Name: p.text(o, "name", true)}
	if i.Name != "" && !issuerNameForm.MatchString(i.Name) || strings.EqualFold(i.Name, MainIssuer) {
		p.add(o.get("name"), "is "+quote(i.Name)+", which is not a name, or is that of the issuer of the ACSAUTH_ settings", issuerAdvice["name"])
	}
	own, ok := kindMembers[i.Kind]
	if !ok {
		if i.Kind != "" {
			p.add(o.get("kind"), "is "+quote(i.Kind), issuerAdvice["kind"])
		}
		return i
	}
	p.known(o, append([]string{"name", "kind", "audiences", "clients", "appClients", "scopes", "roles"}, own...)...)
	p.rights(o, &i)
	if i.Kind == KindOIDC {
		p.open(o, &i)
	} else {
		p.microsoft(o, &i)
	}
	return i
}

// rights reads what all kinds have.
func (p *issuerParser) rights(o object, i *Issuer) {
	id := p.guid
	if i.Kind == KindOIDC {
		id = p.word("is not one word")
	}
	i.Audiences = p.texts(o, "audiences", true, p.audience)
	i.Clients = p.texts(o, "clients", true, func(n node, s string) {
		items, _ := o.get("clients").value.([]node)
		if s == "*" && len(items) == 1 {
			return
		}
		id(n, s)
	})
	i.AppClients = p.texts(o, "appClients", false, id)
	i.Scopes = p.texts(o, "scopes", false, p.word("is not the name of a scope"))
	if len(i.Scopes) == 0 {
		i.Scopes = []string{"access_as_user"}
	}
	i.Roles = p.texts(o, "roles", false, p.word("is not the value of an app role"))
}

func (p *issuerParser) microsoft(o object, i *Issuer) {
	const public = "https://login.microsoftonline.com"
	i.Authority = strings.ToLower(strings.TrimSuffix(p.text(o, "authority", i.Kind != KindEntra), "/"))
	if i.Authority == "" && i.Kind == KindEntra {
		i.Authority = public
	}
	if i.Authority != "" {
		p.upstream(o.get("authority"), i.Authority, true)
	}
	i.AnyTenant, i.Guests = p.yes(o, "anyTenant"), p.yes(o, "guests")
	switch {
	case i.Kind == KindEntra && i.AnyTenant && o.has("tenants"):
		p.add(o.get("anyTenant"), "is true beside a list of tenants", "only one of them")
	case i.Kind == KindEntra:
		i.Tenants = p.texts(o, "tenants", !i.AnyTenant, p.guid)
	default:
		id := p.text(o, "tenant", true)
		if i.Tenants = []string{id}; id != "" {
			p.guid(o.get("tenant"), id)
		}
	}
	i.TeamsClients = p.texts(o, "teamsClients", false, p.guid)
	i.Policies = p.texts(o, "policies", i.Kind == KindB2C, p.form(policyForm, "policies"))
	if i.Issuer = p.text(o, "issuer", false); i.Issuer != "" {
		p.upstream(o.get("issuer"), i.Issuer, false)
	}
	i.KeyClaim = p.text(o, "keyClaim", false)
	if i.Kind == KindB2C && o.has("keyClaim") && i.KeyClaim != "sub" && i.KeyClaim != "oid" {
		p.add(o.get("keyClaim"), "is "+quote(i.KeyClaim), "sub or oid")
	}
	for n, id := range i.Tenants {
		i.Tenants[n] = strings.ToLower(id)
	}
}

func (p *issuerParser) open(o object, i *Issuer) {
	if i.Issuer = p.text(o, "issuer", true); i.Issuer != "" {
		p.upstream(o.get("issuer"), i.Issuer, false)
	}
	i.KeysHosts = p.texts(o, "keysHosts", false, p.form(hostNameForm, "keysHosts"))
	i.Algorithms = p.texts(o, "algorithms", false, func(n node, s string) {
		if !slices.Contains([]string{"RS256", "PS256", "ES256", "ES384"}, s) {
			p.add(n, "is "+quote(s), issuerAdvice["algorithms"])
		}
	})
	i.KeyClaim = p.text(o, "keyClaim", false)
	if i.KeyClaim != "" && (!claimNameForm.MatchString(i.KeyClaim) || slices.Contains(mutableClaims, strings.ToLower(i.KeyClaim))) {
		p.add(o.get("keyClaim"), "is "+quote(i.KeyClaim)+", which users or administrators can change, so that one user could become another", issuerAdvice["keyClaim"])
	}
}

// mutableClaims are the usual names that must not be a key. The verifier knows more of them.
var mutableClaims = []string{"email", "emails", "upn", "preferred_username", "name", "unique_name", "nickname", "given_name", "family_name", "phone_number"}

func (p *issuerParser) guid(n node, s string) {
	switch {
	case !isGUID(strings.ToLower(s)):
		p.add(n, "is "+quote(s)+", which is not a GUID", "")
	case p.mode == Production && IsEmulatorValue(s):
		p.add(n, "is a value of the emulator, which everybody knows", "")
	}
}

func (p *issuerParser) word(problem string) func(node, string) {
	return func(n node, s string) {
		if !wordForm.MatchString(s) || s == "*" {
			p.add(n, problem, "")
		}
	}
}

func (p *issuerParser) form(form *regexp.Regexp, name string) func(node, string) {
	return func(n node, s string) {
		if !form.MatchString(s) {
			p.add(n, "is "+quote(s), issuerAdvice[name])
		}
	}
}

// audience and upstream judge as they do for the settings.
func (p *issuerParser) audience(n node, s string) {
	k := check{mode: p.mode}
	k.audience("ACSAUTH_AUDIENCES", s)
	p.take(n, k, "audiences")
	if p.mode == Production && IsEmulatorValue(strings.TrimPrefix(s, "api://")) {
		p.add(n, "is a value of the emulator, which everybody knows", "")
	}
}

func (p *issuerParser) upstream(n node, s string, site bool) {
	k := check{mode: p.mode}
	if site {
		k.upstream("ACSAUTH_AUTHORITY_HOST", s)
		p.take(n, k, "authority")
		return
	}
	u, problem := parseURL(s)
	if problem != "" {
		p.add(n, "is "+quote(s)+", which "+problem, issuerAdvice["issuer"])
		return
	}
	k.upstream("ACSAUTH_AUTHORITY_HOST", u.Scheme+"://"+u.Host)
	p.take(n, k, "issuer")
}

// take moves the faults of a check to a place of the file.
func (p *issuerParser) take(n node, k check, advice string) {
	for _, f := range k.faults {
		p.add(n, f.Problem, issuerAdvice[advice])
	}
}
