package authn

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// maxEntries is the most entries of one list of an issuer.
const maxEntries = 100

var (
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	policyForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
	hostForm   = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$`)
	claimForm  = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,64}$`)
	wordForm   = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,256}$`) // scope-token of RFC 6749 section 3.3
)

// faults names whatever is wrong with an issuer.
func (i Issuer) faults(allowLoopback bool) []error {
	var errs []error
	add := func(more ...error) {
		for _, err := range more {
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	if !nameForm.MatchString(i.Name) {
		add(errors.New("the name is not 1 to 64 letters, digits and . - _"))
	}
	if int(i.Kind) >= len(kindNames) {
		add(errors.New("the kind is unknown"))
		return errs
	}
	if i.Kind != OIDC {
		add(checkAuthority(i.AuthorityHost, allowLoopback))
	}
	add(i.foreign()...)
	add(i.tenantFaults()...)
	add(checkAudiences(i.Audiences)...)
	add(i.clientFaults()...)
	add(checkWords("scope", i.Scopes), checkWords("app role", i.Roles))
	switch i.Kind {
	case ExternalID:
		add(i.externalFault(allowLoopback))
	case B2C:
		add(i.b2cFaults()...)
	case OIDC:
		add(i.oidcFaults(allowLoopback)...)
	}
	return errs
}

// foreign names the options that another kind of issuer has.
func (i Issuer) foreign() (errs []error) {
	not := func(name string, given bool, kinds ...Kind) {
		if given && !slices.Contains(kinds, i.Kind) {
			errs = append(errs, fmt.Errorf("an issuer of kind %s has no %s", i.Kind, name))
		}
	}
	not("authority host", i.AuthorityHost != "", Entra, ExternalID, B2C)
	not("tenant ids", len(i.TenantIDs) > 0, Entra, ExternalID, B2C)
	not("any tenant", i.AnyTenant, Entra)
	not("policies", len(i.Policies) > 0, B2C)
	not("issuer URL", i.IssuerURL != "", ExternalID, OIDC)
	not("hosts of keys", len(i.KeysHosts) > 0, OIDC)
	not("algorithms other than RS256", !slices.Equal(i.Algorithms, []string{"RS256"}), OIDC)
	not("claim as the user's key", i.KeyClaim != "", B2C, OIDC)
	not("Teams clients", len(i.TeamsClients) > 0, Entra)
	not("guests", i.AllowGuests, Entra)
	return errs
}

func (i Issuer) tenantFaults() []error {
	switch {
	case i.Kind == OIDC:
		return nil
	case i.AnyTenant && len(i.TenantIDs) > 0:
		return []error{errors.New("any tenant and a list of tenants exclude each other")}
	case i.AnyTenant:
		return nil
	case i.Kind != Entra && len(i.TenantIDs) > 1:
		return []error{errors.New("there is more than one tenant id")}
	}
	return checkGUIDs("tenant id", i.TenantIDs, true)
}

func (i Issuer) clientFaults() []error {
	any := len(i.AllowedClients) == 1 && i.AllowedClients[0] == "*"
	if i.Kind == OIDC {
		errs := []error{checkWords("client", i.AppClients)}
		if !any {
			errs = append(errs, checkWords("allowed client", i.AllowedClients))
		}
		if len(i.AllowedClients) == 0 {
			errs = append(errs, errors.New("no allowed client is given"))
		}
		return errs
	}
	errs := append(checkGUIDs("Teams client", i.TeamsClients, false), checkGUIDs("client for programs", i.AppClients, false)...)
	if any {
		return errs
	}
	return append(errs, checkGUIDs("allowed client", i.AllowedClients, true)...)
}

func (i Issuer) externalFault(allowLoopback bool) error {
	if i.IssuerURL != "" {
		return checkIssuerURL(i.IssuerURL, allowLoopback)
	}
	u, err := url.Parse(i.AuthorityHost)
	if err != nil {
		return nil // named already
	}
	if _, ok := ciamHost(i.AuthorityHost, "x"); !ok && !isLoopback(u.Hostname()) {
		return errors.New("behind a custom domain the issuer URL must be given: https://TENANT-ID.ciamlogin.com/TENANT-ID/v2.0")
	}
	return nil
}

func (i Issuer) b2cFaults() (errs []error) {
	if i.KeyClaim != "sub" && i.KeyClaim != "oid" {
		errs = append(errs, fmt.Errorf("the user's key is claim %q, allowed are sub and oid", i.KeyClaim))
	}
	if len(i.Policies) == 0 {
		errs = append(errs, errors.New("no policy is given"))
	}
	for _, p := range i.Policies {
		if !policyForm.MatchString(p) {
			errs = append(errs, fmt.Errorf("policy %q has characters that no policy has", p))
		}
	}
	return append(errs, checkList("policy", i.Policies))
}

// notKeys are claims that users or administrators can change, or that many users
// share. With one of them as the key, a user could become another one.
var notKeys = nameTable("email", "emails", "upn", "preferred_username", "name", "unique_name", "nickname", "given_name", "family_name", "middle_name",
	"phone_number", "picture", "profile", "website", "address", "birthdate", "gender", "locale", "zoneinfo", "login_hint", "samaccountname", "verified_primary_email",
	"iss", "aud", "exp", "nbf", "iat", "jti", "sid", "session_state", "auth_time", "acr", "amr", "azp", "client_id", "appid", "cid", "scp", "scope", "roles", "groups",
	"tid", "org_id", "idp", "ver", "typ", "nonce", "tfp", "uti", "ipaddr", "idtyp", "acct", "email_verified", "phone_number_verified", "updated_at")

func (i Issuer) oidcFaults(allowLoopback bool) []error {
	errs := []error{checkIssuerURL(i.IssuerURL, allowLoopback), checkList("host of keys", i.KeysHosts)}
	for _, h := range i.KeysHosts {
		if !hostForm.MatchString(h) {
			errs = append(errs, fmt.Errorf("host of keys %q is not a host name in lower case", h))
		}
	}
	for _, a := range i.Algorithms {
		if _, ok := algorithms[a]; !ok {
			errs = append(errs, fmt.Errorf("algorithm %q is not RS256, PS256, ES256 or ES384", a))
		}
	}
	if _, bad := notKeys[lower(i.KeyClaim)]; bad || !claimForm.MatchString(i.KeyClaim) {
		errs = append(errs, fmt.Errorf("claim %q cannot be the user's key: it can change, or users share it", i.KeyClaim))
	}
	return errs
}

func checkIssuerURL(s string, allowLoopback bool) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Host != strings.ToLower(u.Host) || len(s) > 256 || strings.ContainsAny(s, "?#{} ") {
		return fmt.Errorf("issuer URL %q is not a fixed URL of the form https://host/path", s)
	}
	return checkTransport("issuer URL", u, allowLoopback)
}

func checkGUIDs(what string, list []string, needed bool) []error {
	errs := []error{checkList(what, list)}
	if needed && len(list) == 0 {
		errs = append(errs, fmt.Errorf("no %s is given", what))
	}
	for _, s := range list {
		if _, ok := parseGUID(s); !ok {
			errs = append(errs, fmt.Errorf("%s %q is not a GUID", what, s))
		}
	}
	return errs
}

// checkAudiences refuses to run without audiences, and with those of Microsoft's
// own APIs: any program of the tenant has tokens for them.
func checkAudiences(list []string) []error {
	errs := []error{checkList("audience", list)}
	if len(list) == 0 {
		errs = append(errs, errors.New("no audience is given"))
	}
	for _, s := range list {
		short := bareAudience(s)
		switch {
		case strings.TrimSpace(s) == "" || len(s) > 256 || strings.ContainsAny(s, " \t\r\n*"):
			errs = append(errs, fmt.Errorf("audience %q is neither a GUID nor an App ID URI", s))
		case graphAudiences[short] || teamsAudiences[short]:
			errs = append(errs, fmt.Errorf("audience %q is an API of Microsoft", s))
		}
	}
	return errs
}

func checkWords(what string, list []string) error {
	for _, s := range list {
		if !wordForm.MatchString(s) || s == "*" {
			return fmt.Errorf("%s %q is not one word", what, s)
		}
	}
	return checkList(what, list)
}

func checkList(what string, list []string) error {
	if len(list) > maxEntries {
		return fmt.Errorf("there are %d entries of %s, allowed are %d", len(list), what, maxEntries)
	}
	return nil
}
