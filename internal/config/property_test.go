package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/testkit"
	"pgregory.net/rapid"
)

// some are values of a setting, good and bad, beside those that fit any.
var some = map[string][]string{
	"ACSAUTH_TENANT_IDS": {tenant, tenant + "," + client, "common", "contoso.onmicrosoft.com", strings.ToUpper(tenant), nilGUID}, "ACSAUTH_CLIENT_ID": {client, "api", "00000003-0000-0000-c000-000000000000"},
	"ACSAUTH_ALLOWED_CLIENTS": {spa, "*", "*," + spa, "all"}, "ACSAUTH_ANY_TENANT": {"true", "false"}, "ACSAUTH_ALLOW_GUESTS": {"true", "false", "yes"},
	"ACSAUTH_AUTHORITY_HOST": {"https://login.microsoftonline.us", "http://login.microsoftonline.com", "http://127.0.0.1:1", "https://localhost"}, "ACSAUTH_AUDIENCES": {"api://contoso.com/a", "*", "https://graph.microsoft.com"},
	"ACSAUTH_ALLOWED_ORIGINS": {"https://app.contoso.com", "*", "*,https://app.contoso.com", "null"}, "ACSAUTH_ACS_ENDPOINT": {"https://contoso.communication.azure.com", "http://contoso.communication.azure.com"},
	"ACSAUTH_ACS_CONNECTION_STRING": {"endpoint=https://contoso.communication.azure.com/;accesskey=" + key, "endpoint=http://127.0.0.1/;accesskey=" + key, "endpoint=https://a", "accesskey=" + key},
	"ACSAUTH_TOKEN_LIFETIME":        {"60", "59", "1440m", "25h", "1h"}, "ACSAUTH_SAMPLE_TOKEN_LIFETIME": {"60", "1441"}, "ACSAUTH_SCOPES": {"chat", "voip,chat", "chat,chat", "everything"},
	"ACSAUTH_STORE": {"sqlite:a.db", "postgres://u@h/d", "graph:", "memory", "postgres://u:p@h/d"}, "ACSAUTH_LIMIT_USER": {"1/1s", "off", "0/1m"}, "ACSAUTH_METRICS_LISTEN": {"off", "127.0.0.1:9090", ":9090"},
	"ACSAUTH_LISTEN": {":8080", "127.0.0.1:80", "8080"}, "ACSAUTH_ROLES": {"a", "a,b"}, "ACSAUTH_AUDIT": {"off", "stdout", "file:a", "syslog"}, "ACSAUTH_TRUSTED_PROXIES": {"loopback", "10.0.0.0/8", "0.0.0.0/0", "x"},
	"ACSAUTH_ACS_CREDENTIAL": {"managed-identity", "chain"}, "ACSAUTH_MAX_IN_FLIGHT": {"1", "0", "-1"}, "ACSAUTH_ADMIN_CLIENTS": {spa, "*"}, "ACSAUTH_TEAMS_CLIENTS": {spa, "*"}, "ACSAUTH_PLAYGROUND_CLIENT_ID": {spa, "*"}, "ACSAUTH_GRAPH_ADOPT": {"true", "false"},
}

// genEnvironment draws settings. base is there half of the time, so that many are valid.
func genEnvironment(t *rapid.T) map[string]string {
	values := map[string]string{}
	if rapid.IntRange(0, 3).Draw(t, "base") > 0 {
		for _, entry := range good() {
			name, value, _ := strings.Cut(entry, "=")
			values[name] = value
		}
	}
	list := settings()
	for range rapid.IntRange(0, 5).Draw(t, "number") {
		set := rapid.SampledFrom(list).Draw(t, "setting")
		fits := append([]string{set.def}, some[set.name]...)
		if rapid.IntRange(0, 5).Draw(t, "odd") == 0 {
			fits = append([]string{"x", "-1", "*", "off", "true", "1m", "https://contoso.com", " "}, rapid.StringMatching(`[ -~]{0,12}`).Draw(t, "any"))
		}
		if set.name != "ACSAUTH_ISSUERS" && set.name != "ACSAUTH_POLICY" {
			values[set.name] = rapid.SampledFrom(fits).Draw(t, "value")
		}
	}
	return values
}

// P-09: for any environment there is a valid configuration, or an error that names a setting in each line; a valid one
// has nothing weak that was not asked for by its name.
func TestNeverAWeakerDefault(t *testing.T) {
	testkit.Checks(t, "5000")
	valid, faulty := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		values := genEnvironment(t)
		var environment []string
		for name, value := range values {
			environment = append(environment, name+"="+value)
		}
		c, err := Load(Sources{Environ: environment}, Production)
		if err != nil {
			faulty++
			namesSettings(t, err)
			return
		}
		valid++
		if w := weakness(c, values); w != "" {
			t.Fatalf("%q: %s", environment, w)
		}
		if err := c.Validate(Production); err != nil {
			t.Fatalf("%q is taken, and then is not: %v", environment, err)
		}
	})
	if valid == 0 || faulty == 0 {
		t.Errorf("%d valid, %d faulty: the test shows nothing", valid, faulty)
	}
	t.Logf("%d valid, %d faulty", valid, faulty)
}

func namesSettings(t *rapid.T, err error) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("not a list of faults: %v", err)
	}
	for _, e := range joined.Unwrap() {
		f, ok := errors.AsType[*Fault](e)
		if !ok || find(f.Name).field == "" && find(strings.TrimSuffix(f.Name, fileSuffix)).field == "" || f.Problem == "" {
			t.Fatalf("a fault that names no setting: %v", e)
		}
		if strings.Contains(f.Error(), key) || strings.ContainsAny(f.Error(), "\r\n") {
			t.Fatalf("fault %q", f)
		}
	}
}

// weakness says what is weak in c although no setting asks for it, or is never allowed.
func weakness(c *Config, values map[string]string) string {
	said := func(name, value string) bool { return strings.TrimSpace(values[name]) == value }
	for _, w := range []struct {
		weak bool
		what string
	}{
		{len(c.AllIssuers()) == 0, "no issuer"},
		{c.AnyTenant && !said("ACSAUTH_ANY_TENANT", "true"), "any tenant"},
		{!c.AnyTenant && len(c.TenantIDs) == 0, "no tenant"},
		{slices.Contains(c.AllowedClients, "*") && !said("ACSAUTH_ALLOWED_CLIENTS", "*"), "all clients"},
		{len(c.AllowedClients) == 0 || c.ClientID == "" || len(c.AllAudiences()) == 0, "no clients or audiences"},
		{slices.Contains(c.AllowedOrigins, "*") && !said("ACSAUTH_ALLOWED_ORIGINS", "*"), "all origins"},
		{len(c.AllowedOrigins) > 0 && values["ACSAUTH_ALLOWED_ORIGINS"] == "", "origins"},
		{slices.Contains(c.AllAudiences(), "*"), "audience *"},
		{slices.Contains(c.AdminClients, "*") || slices.Contains(c.TeamsClients, "*"), "* where ids are needed"},
		{len(c.AdminClients) > 0 && values["ACSAUTH_ADMIN_CLIENTS"] == "", "administrators"},
		{len(c.TrustedProxies) > 0 && values["ACSAUTH_TRUSTED_PROXIES"] == "", "proxies"},
		{c.GraphAdopt && !said("ACSAUTH_GRAPH_ADOPT", "true"), "unsigned mappings"},
		{!strings.HasPrefix(c.AuthorityHost, "https://") || !strings.HasPrefix(c.Endpoint(), "https://") || strings.HasPrefix(c.Store, "graph") && !strings.HasPrefix(c.GraphURL, "https://"), "an upstream without TLS"},
		{c.TokenLifetime.Duration() < time.Hour || c.TokenLifetime.Duration() > 24*time.Hour, "token lifetime"},
		{c.TokenLifetime.Duration() != time.Hour && values["ACSAUTH_TOKEN_LIFETIME"] == "", "token lifetime"},
		{c.MetricsListen != "127.0.0.1:9090" && values["ACSAUTH_METRICS_LISTEN"] == "", "metrics for all"},
		{c.Scope == "" || len(c.Scopes) == 0, "no scope"},
		{c.LimitUser.String() != "120/1m" && values["ACSAUTH_LIMIT_USER"] == "", "limit of a user " + c.LimitUser.String()},
		{c.MaxInFlight < 1 || c.MaxConnections < 1, "limits"},
	} {
		if w.weak {
			return w.what
		}
	}
	return ""
}

// P-10 for settings: no fault and no report shows a secret, whatever it is.
func TestFaultsNeverShowSecrets(t *testing.T) {
	testkit.Checks(t, "2000")
	var secrets []setting
	for _, s := range settings() {
		if s.secret {
			secrets = append(secrets, s)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.SampledFrom(secrets).Draw(t, "setting")
		secret := rapid.StringMatching(`[A-Z0-9~][A-Za-z0-9._~-]{31,63}`).Draw(t, "secret")
		value := rapid.SampledFrom([]string{secret, "endpoint=https://contoso.communication.azure.com/;accesskey=" + secret, "keyvault:https://" + secret, "endpoint=" + secret, secret + "," + secret, secret + "\n"}).Draw(t, "value")
		c, err := Load(Sources{Environ: good(set.name + "=" + value)}, Production)
		said := fmt.Sprintf("%v %+v %#v", err, c, c)
		for _, line := range c.Report() {
			said += line.Value
		}
		if strings.HasPrefix(value, "keyvault:") {
			return // a reference is no secret
		}
		for i := 0; i+8 <= len(secret); i++ {
			if strings.Contains(said, secret[i:i+8]) {
				t.Fatalf("%s=%s shows %q", set.name, value, secret[i:i+8])
			}
		}
	})
}
