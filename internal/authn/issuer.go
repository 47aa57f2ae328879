package authn

import (
	"slices"
	"strings"
)

// A Kind is what stands behind an issuer. It decides on the form of its tokens.
type Kind uint8

// The kinds of issuers.
const (
	// Entra is Microsoft Entra ID: one tenant, a list of them, or any, in one cloud.
	Entra Kind = iota
	// ExternalID is an external tenant of Microsoft Entra External ID (host NAME.ciamlogin.com).
	ExternalID
	// B2C is a tenant of Azure AD B2C with a list of its policies (host NAME.b2clogin.com).
	B2C
	// OIDC is any other OpenID Connect issuer whose access tokens are JWTs (RFC 9068).
	OIDC
)

var kindNames = [...]string{Entra: "entra", ExternalID: "external-id", B2C: "b2c", OIDC: "oidc"}

// String returns the word that stands for the kind in files.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// ParseKind returns the kind that a word stands for.
func ParseKind(word string) (Kind, bool) {
	i := slices.Index(kindNames[:], word)
	return Kind(max(i, 0)), i >= 0
}

// An Issuer is one registration of this API somewhere, and what its tokens must have.
type Issuer struct {
	// Name is what logs and policies call the issuer: 1 to 64 letters, digits and . - _, unique. Empty: the word of the Kind.
	Name string
	Kind Kind
	// AuthorityHost is the scheme and host of the authority, such as
	// https://login.microsoftonline.com. It is https. On loopback, with
	// Options.AllowLoopback, it may be http. Not for OIDC.
	AuthorityHost string
	// TenantIDs are the tenants whose users may call, as GUIDs: one or more for Entra, exactly one for ExternalID and B2C.
	TenantIDs []string
	// AnyTenant accepts users of every tenant of the cloud, but no personal accounts. Entra only, and without TenantIDs.
	AnyTenant bool
	// Policies are the user flows and custom policies of B2C whose tokens are accepted. Case does not count. At least one.
	Policies []string
	// IssuerURL is the iss claim, byte for byte, of an OIDC issuer; its metadata is
	// at this URL followed by /.well-known/openid-configuration. ExternalID needs
	// it only behind a custom domain.
	IssuerURL string
	// KeysHosts are hosts beside the issuer's own, such as keys.example.com or
	// keys.example.com:8443, where the metadata of an OIDC issuer may say that its keys are. Always https.
	KeysHosts []string
	// Algorithms are those of an OIDC issuer's signatures: RS256, PS256, ES256, ES384. None: RS256.
	Algorithms []string
	// KeyClaim is the immutable claim that is the user's key beside the issuer: for
	// B2C sub or oid, for OIDC any claim that is not a name. Empty: sub.
	KeyClaim string
	// Audiences are the API's client id, as a GUID, and its App ID URIs. At
	// least one. v2 tokens are accepted for the GUID only, v1 tokens for either.
	// URIs are compared byte for byte. For OIDC any text.
	Audiences []string
	// AllowedClients are the client ids of the applications that may call, or
	// exactly one "*" for any application. At least one. GUIDs, but for OIDC.
	AllowedClients []string
	// AppClients are client ids that are accepted beside AllowedClients, if the token is app-only.
	AppClients []string
	// TeamsClients are the client ids whose Teams tokens may be exchanged. If
	// there are none, AllowedClients are taken, unless that is "*". Entra only.
	TeamsClients []string
	// AllowGuests accepts users whose home is another directory, as far as the
	// claims idp and acct show it. Entra only; the others know no guests.
	AllowGuests bool
	// Scopes are delegated permissions, one of which a user's token must have. None: access_as_user.
	Scopes []string
	// Roles are app roles, one of which a user must have. None: no role is needed.
	Roles []string
}

const defaultScope = "access_as_user"

func (i Issuer) withDefaults() Issuer {
	i.AuthorityHost = strings.ToLower(strings.TrimSuffix(i.AuthorityHost, "/"))
	if i.Name == "" {
		i.Name = i.Kind.String()
	}
	if len(i.Scopes) == 0 {
		i.Scopes = []string{defaultScope}
	}
	if i.KeyClaim == "" && (i.Kind == B2C || i.Kind == OIDC) {
		i.KeyClaim = "sub"
	}
	if len(i.Algorithms) == 0 {
		i.Algorithms = []string{"RS256"}
	}
	return i
}

// An issuer is an Issuer made ready for the check.
type issuer struct {
	Issuer
	audiences map[string]bool // value: is a GUID, so good for v2, too
	clients   map[string]bool // nil: any
	apps      map[string]bool
	teams     map[string]bool // nil: not configured
	// sources are the keys: by tenant (Entra, ExternalID), by policy in lower case (B2C), or under "" (OIDC and any tenant).
	sources   map[string]*source
	scopeHint string
}

func newIssuer(i Issuer) *issuer {
	r := &issuer{Issuer: i, audiences: audienceSet(i.Audiences), scopeHint: scopeHint(i), sources: make(map[string]*source)}
	set := guidSet
	if i.Kind == OIDC {
		set = exactSet
		r.audiences = exactSet(i.Audiences)
	}
	if i.AllowedClients[0] != "*" {
		r.clients = set(i.AllowedClients)
	}
	r.apps = set(i.AppClients)
	if i.Kind != Entra {
		return r
	}
	if r.teams = r.clients; len(i.TeamsClients) > 0 {
		r.teams = guidSet(i.TeamsClients)
	}
	return r
}

func guidSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[strings.ToLower(s)] = true
	}
	return set
}

func exactSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
	}
	return set
}

func audienceSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		if id, ok := parseGUID(s); ok {
			set[id] = true
		} else {
			set[s] = false
		}
	}
	return set
}

// scopeHint says which scope a client is to ask for.
func scopeHint(i Issuer) string {
	if i.Kind == OIDC {
		return "Request the scope " + bare(i.Scopes[0]) + " for the audience " + bare(i.Audiences[0]) + " in the client."
	}
	return "Request the scope " + i.scopeURI() + " in the client (MSAL: scopes)."
}

// scopeURI is the full name of the first scope, fit for an error text.
func (i Issuer) scopeURI() string {
	uri := i.Audiences[0]
	if n := slices.IndexFunc(i.Audiences, func(s string) bool { return strings.Contains(s, ":") }); n >= 0 {
		uri = i.Audiences[n]
	} else if id, ok := parseGUID(uri); ok {
		uri = "api://" + id
	}
	return bare(strings.TrimSuffix(uri, "/")) + "/" + bare(i.Scopes[0])
}

// bare is show without the quotes.
func bare(s string) string { return strings.Trim(show(s), "'") }

// issuerOf returns the iss claim that an ExternalID, B2C or OIDC issuer writes.
func (i Issuer) issuerOf() string {
	switch {
	case i.Kind == OIDC || i.Kind == ExternalID && i.IssuerURL != "":
		return i.IssuerURL
	case i.Kind == B2C:
		return i.AuthorityHost + "/" + strings.ToLower(i.TenantIDs[0]) + "/v2.0/"
	}
	host, _ := ciamHost(i.AuthorityHost, strings.ToLower(i.TenantIDs[0]))
	return host + "/" + strings.ToLower(i.TenantIDs[0]) + "/v2.0"
}

// ciamHost returns the host that External ID names as issuer: the tenant id
// stands where the authority has its name. False for a custom domain.
func ciamHost(authority, tenant string) (string, bool) {
	name, ok := strings.CutPrefix(authority, "https://")
	_, domain, found := strings.Cut(name, ".")
	if !ok || !found || !strings.HasPrefix(domain, "ciamlogin.") {
		return authority, false
	}
	return "https://" + tenant + "." + domain, true
}
