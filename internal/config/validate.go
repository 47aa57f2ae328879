package config

import (
	"regexp"
	"slices"
	"time"
)

// A Mode says what the settings are for.
type Mode int

// The modes.
const (
	// Production refuses upstreams on loopback or without TLS, and everything that is known of the emulator.
	Production Mode = iota
	// Development takes both, on loopback only.
	Development
)

// Validate returns every [Fault] in the values of c, joined, or nil. It reads nothing but c.
func (c *Config) Validate(mode Mode) error { return c.faults(mode).join() }

func (c *Config) faults(mode Mode) faults {
	k := check{c: c, mode: mode}
	k.listening()
	k.callers()
	k.acs()
	k.store()
	k.tokens()
	k.secrets()
	k.limits()
	k.performance()
	k.audit()
	k.oneOf("ACSAUTH_LOG_FORMAT", c.LogFormat, "json", "text")
	if mode == Production {
		k.noEmulator()
	}
	return k.faults
}

// A check gathers the faults of one Config.
type check struct {
	faults
	c    *Config
	mode Mode
}

// bad adds a fault with the advice of the setting.
func (k *check) bad(name, problem string) { k.add(name, problem, find(name).write) }

const missing = "is not set"

var (
	guidForm    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	scopeForm   = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,128}$`)
	labelForm   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,256}$`)
	versionForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(-preview\d{0,2})?$`)
)

// customIDVersion is the one version of the ACS API that knows custom ids.
const customIDVersion = "2025-03-02-preview"

const nilGUID = "00000000-0000-0000-0000-000000000000"

func isGUID(s string) bool { return guidForm.MatchString(s) && s != nilGUID }

// guid checks one id; an empty one is left to the caller.
func (k *check) guid(name, id string) {
	if id != "" && !isGUID(id) {
		k.bad(name, "is "+quote(id)+", which is not a GUID")
	}
}

func (k *check) guids(name string, ids List) {
	for _, id := range ids {
		if !isGUID(id) {
			k.bad(name, "has "+quote(id)+", which is not a GUID")
		}
	}
}

// guidsOrAll checks a list of ids that may be a single *.
func (k *check) guidsOrAll(name string, ids List) {
	switch {
	case len(ids) == 0:
		k.bad(name, missing)
	case len(ids) > 1 && slices.Contains(ids, "*"):
		k.bad(name, "has * beside other entries")
	case ids[0] != "*":
		k.guids(name, ids)
	}
}

func (k *check) oneOf(name, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		k.bad(name, "is "+quote(value))
	}
}

func (k *check) form(name, value string, form *regexp.Regexp) {
	if !form.MatchString(value) {
		k.bad(name, "is "+quote(value))
	}
}

func (k *check) between(name string, d, least, most time.Duration) {
	if d < least || d > most {
		k.bad(name, "is "+d.String()+", which is out of range")
	}
}

func (k *check) callers() {
	c := k.c
	k.graphCallers()
	k.playground()
	if !c.hasMain() {
		return // the issuers are those of the file
	}
	k.tenants()
	for _, r := range c.Roles {
		k.form("ACSAUTH_ROLES", r, wordForm)
	}
	if c.ClientID == "" {
		k.bad("ACSAUTH_CLIENT_ID", missing)
	}
	k.guid("ACSAUTH_CLIENT_ID", c.ClientID)
	k.audience("ACSAUTH_CLIENT_ID", c.ClientID)
	for _, a := range c.Audiences {
		k.audience("ACSAUTH_AUDIENCES", a)
	}
	k.guidsOrAll("ACSAUTH_ALLOWED_CLIENTS", c.AllowedClients)
	k.guids("ACSAUTH_TEAMS_CLIENTS", c.TeamsClients)
	k.form("ACSAUTH_SCOPE", c.Scope, scopeForm)
	k.upstream("ACSAUTH_AUTHORITY_HOST", c.AuthorityHost)
}

func (k *check) playground() {
	const name = "ACSAUTH_PLAYGROUND_CLIENT_ID"
	id := k.c.PlaygroundClientID
	switch {
	case id == "":
	case !k.c.hasMain():
		k.add(name, "is set without ACSAUTH_TENANT_IDS: the page signs in users of Entra ID", "nothing, or ACSAUTH_TENANT_IDS, too")
	case !isGUID(id):
		k.guid(name, id)
	case !slices.Contains(k.c.AllowedClients, id) && !slices.Contains(k.c.AllowedClients, "*"):
		k.add(name, "is not one of ACSAUTH_ALLOWED_CLIENTS", "its id in ACSAUTH_ALLOWED_CLIENTS, too")
	}
}

func (k *check) tenants() {
	const name = "ACSAUTH_TENANT_IDS"
	switch {
	case k.c.AnyTenant && len(k.c.TenantIDs) > 0:
		k.add("ACSAUTH_ANY_TENANT", "is true beside "+name, "only one of them")
	case !k.c.AnyTenant && len(k.c.TenantIDs) == 0:
		k.bad(name, missing)
	}
	for _, id := range k.c.TenantIDs {
		switch {
		case slices.Contains([]string{"common", "organizations", "consumers", "*"}, id):
			k.bad(name, "has "+quote(id)+", which would let in tenants that nobody named")
		case !isGUID(id):
			k.bad(name, "has "+quote(id)+", which is not a GUID")
		}
	}
}

func (k *check) acs() {
	c := k.c
	const connection, endpoint = "ACSAUTH_ACS_CONNECTION_STRING", "ACSAUTH_ACS_ENDPOINT"
	switch {
	case c.ACSConnectionString.IsZero() && c.ACSEndpoint == "":
		k.add(connection, missing+", and neither is "+endpoint, find(connection).write+" (or set "+endpoint+" to use a managed identity)")
	case !c.ACSConnectionString.IsZero() && c.ACSEndpoint != "":
		k.add(endpoint, "is set beside "+connection, "only one of them")
	case c.ACSEndpoint != "":
		k.upstream(endpoint, c.ACSEndpoint)
		k.credential()
	case !c.ACSConnectionString.Pending():
		k.connectionString(connection)
	}
	k.secondKey()
	if c.ACSResource != "" {
		k.form("ACSAUTH_ACS_RESOURCE", c.ACSResource, labelForm)
	}
	k.form("ACSAUTH_ACS_API_VERSION", c.ACSAPIVersion, versionForm)
	if c.ACSCustomIDs && c.ACSAPIVersion != customIDVersion {
		k.add("ACSAUTH_ACS_CUSTOM_IDS", "needs the API version "+customIDVersion, "ACSAUTH_ACS_API_VERSION="+customIDVersion+" too, or false")
	}
}

// connectionString checks the string without ever repeating a part of it but the endpoint.
func (k *check) connectionString(name string) {
	endpoint, _, err := splitConnectionString(k.c.ACSConnectionString.Reveal())
	if err != nil {
		k.bad(name, err.Error())
		return
	}
	k.upstream(name, endpoint)
}

// credential checks what the named kind of credential needs.
func (k *check) credential() {
	c := k.c
	k.oneOf("ACSAUTH_ACS_CREDENTIAL", c.ACSCredential, ManagedIdentity, WorkloadIdentity, AzureCLI)
	k.guid("ACSAUTH_ACS_CLIENT_ID", c.ACSClientID)
	k.guid("ACSAUTH_ACS_TENANT_ID", c.ACSTenantID)
	if c.ACSCredential == WorkloadIdentity {
		k.workloadIdentity()
	}
}

// workloadIdentity checks what every workload identity needs.
func (k *check) workloadIdentity() {
	c := k.c
	needed := [...]struct{ name, value string }{
		{"ACSAUTH_ACS_CLIENT_ID", c.ACSClientID},
		{"ACSAUTH_ACS_TENANT_ID", c.ACSTenantID},
		{"ACSAUTH_ACS_TOKEN_PATH", c.ACSTokenPath},
	}
	for _, n := range needed {
		if n.value == "" && !k.has(n.name) {
			k.bad(n.name, missing+", and a workload identity needs it")
		}
	}
}

func (k *check) tokens() {
	const least, most = 60 * time.Minute, 1440 * time.Minute
	known := []string{"chat", "chat.join", "chat.join.limited", "voip", "voip.join"}
	for _, s := range k.c.Scopes {
		if !slices.Contains(known, s) {
			k.bad("ACSAUTH_SCOPES", "has "+quote(s)+", which is not a scope of ACS")
		}
	}
	k.minutes("ACSAUTH_TOKEN_LIFETIME", k.c.TokenLifetime, least, most)
	k.minutes("ACSAUTH_SAMPLE_TOKEN_LIFETIME", k.c.SampleTokenLifetime, least, most)
}

func (k *check) minutes(name string, m Minutes, least, most time.Duration) {
	k.between(name, m.Duration(), least, most)
	if m.Duration()%time.Minute != 0 {
		k.bad(name, "is "+m.String()+", which is not whole minutes")
	}
}
