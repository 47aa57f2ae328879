package config

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/testkit"
)

// linesOf reads a file of settings by hand. False: some line is a fault.
func linesOf(text string) (map[string]string, bool) {
	values, good := map[string]string{}, true
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if _, twice := values[name]; twice || !found || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") != "" || name[0] >= '0' && name[0] <= '9' {
			good = false
			continue
		}
		if n := len(value); n >= 2 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
			value = value[1 : n-1]
		}
		values[name] = value
	}
	return values, good
}

// Z-10: a file of settings is read as by a second reading, and a fault never repeats a line.
func FuzzSettingsFile(f *testing.F) {
	for _, s := range []string{"", "# c\n\nACSAUTH_SCOPE = a \n", "ACSAUTH_A=1\nACSAUTH_A=2\n", "export A=1", "A='b\"\nB=\"c'\nC=\"\"", "=x", "A", "A==b=", "1A=x", "é=x", "A=b\r\nB=c\r", "\xef\xbb\xbfA=b", "A=\x00", " # x=y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		testkit.Bounded(t, len(text), func() {
			var fs faults
			got := fs.parseFile("f", text)
			want, good := linesOf(text)
			if good != (len(fs) == 0) {
				t.Fatalf("%q: faults %v", text, fs.join())
			}
			if len(got) != len(want) {
				t.Fatalf("%q: %q, want %q", text, got, want)
			}
			for name, value := range want {
				if v, ok := got[name]; !ok || v != value {
					t.Fatalf("%q: %s=%q, want %q", text, name, v, value)
				}
			}
			for _, fault := range fs {
				if strings.ContainsAny(fault.Error(), "\r\n\x00\x1b") || len(fault.Error()) > 400+len(text) {
					t.Fatalf("fault %q", fault)
				}
			}
		})
	})
}

// issuerSeeds are a file of each kind and what is nearly one.
var issuerSeeds = []string{
	`{"issuers":[{"name":"gov","kind":"entra","authority":"https://login.microsoftonline.us","tenants":["11aa22bb-0000-4000-8000-000000000001"],"audiences":["11aa22bb-0000-4000-8000-000000000002"],"clients":["*"]}]}`,
	`{"issuers":[{"name":"any","kind":"entra","anyTenant":true,"guests":true,"audiences":["api://contoso.com/x"],"clients":["11aa22bb-0000-4000-8000-000000000003"],"roles":["r"]}]}`,
	`{"issuers":[{"name":"c","kind":"external-id","authority":"https://contoso.ciamlogin.com","tenant":"11aa22bb-0000-4000-8000-000000000001","audiences":["11aa22bb-0000-4000-8000-000000000002"],"clients":["*"]}]}`,
	`{"issuers":[{"name":"b","kind":"b2c","authority":"https://contoso.b2clogin.com","tenant":"11aa22bb-0000-4000-8000-000000000001","policies":["B2C_1_a"],"keyClaim":"oid","audiences":["11aa22bb-0000-4000-8000-000000000002"],"clients":["*"]}]}`,
	`{"issuers":[{"name":"o","kind":"oidc","issuer":"https://id.example.com","audiences":["api"],"clients":["web"],"algorithms":["ES256"],"keysHosts":["keys.example.com"],"keyClaim":"uid"}]}`,
	`{"issuers":[{"name":"o","kind":"oidc","issuer":"http://id.example.com","audiences":["*"],"clients":["*","a"],"keyClaim":"email"}]}`,
	`{"issuers":[{"kind":"saml"}],"x":1}`, `{"issuers":[],"issuers":[1]}`, `{"issuers":[null]}`, `[]`, `{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}`, "", "\xff", "{} {}",
}

// Z-10: a file of issuers that is taken is JSON without any name twice, and nothing in it is weak.
func FuzzIssuersFile(f *testing.F) {
	for _, s := range issuerSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		testkit.Bounded(t, len(data), func() {
			list, found := ParseIssuers(data, Production)
			for _, p := range found {
				if p.Place == "" || p.Problem == "" || len(p.Place) > 200 || strings.ContainsAny(p.Place, "\r\n") {
					t.Fatalf("fault %+v", p)
				}
			}
			if len(found) > 0 {
				return
			}
			var theirs struct {
				Issuers []struct{ Name, Kind string }
			}
			d := json.NewDecoder(bytes.NewReader(data))
			if err := d.Decode(&theirs); err != nil || d.More() || len(theirs.Issuers) != len(list) || len(list) == 0 || len(list) > maxIssuers {
				t.Fatalf("%q: %d issuers, %v", data, len(list), err)
			}
			for n, i := range list {
				if i.Name != theirs.Issuers[n].Name || i.Kind != theirs.Issuers[n].Kind {
					t.Fatalf("issuer %d: %+v", n, i)
				}
				strongIssuer(t, i)
			}
		})
	})
}

// strongIssuer fails for what must not be configured in production.
func strongIssuer(t *testing.T, i Issuer) {
	t.Helper()
	if len(i.Audiences) == 0 || len(i.Clients) == 0 || len(i.Scopes) == 0 || len(i.Clients) > 1 && slices.Contains(i.Clients, "*") || slices.Contains(i.Audiences, "*") || slices.Contains(i.AppClients, "*") || slices.Contains(i.TeamsClients, "*") {
		t.Fatalf("weak: %+v", i)
	}
	for _, site := range []string{i.Authority, i.Issuer} {
		if site == "" {
			continue
		}
		u, err := url.Parse(site)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Host == "" || strings.EqualFold(u.Hostname(), "localhost") {
			t.Fatalf("%q is taken", site)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.IsLoopback() {
			t.Fatalf("%q is taken", site)
		}
	}
	for _, id := range i.Tenants {
		if !isGUID(id) || IsEmulatorValue(id) {
			t.Fatalf("tenant %q", id)
		}
	}
	switch {
	case i.Kind == KindEntra && !i.AnyTenant && len(i.Tenants) == 0, i.Kind == KindEntra && i.AnyTenant && len(i.Tenants) > 0:
		t.Fatalf("tenants of %+v", i)
	case (i.Kind == KindB2C || i.Kind == KindExternalID) && len(i.Tenants) != 1, i.Kind == KindB2C && len(i.Policies) == 0, i.Kind == KindOIDC && i.Issuer == "":
		t.Fatalf("half an issuer: %+v", i)
	}
	if slices.Contains(mutableClaims, strings.ToLower(i.KeyClaim)) {
		t.Fatalf("key claim %q", i.KeyClaim)
	}
}

// Z-10: an environment of one setting of any text: either it is taken, or a fault names it; a secret is never repeated.
func FuzzSetting(f *testing.F) {
	for n := range settings() {
		for _, v := range []string{"x", "-1", "*", "https://a.example", "off", "10/1m", "sqlite:a", "a,b"} {
			f.Add(uint8(n), v)
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, value string) {
		list := settings()
		set := list[int(n)%len(list)]
		if strings.ContainsAny(value, "\x00") || set.name == "ACSAUTH_ISSUERS" { // an environment holds no NUL; the file has a target of its own
			return
		}
		testkit.Bounded(t, len(value), func() {
			_, err := Load(Sources{Environ: slices.DeleteFunc(good(set.name+"="+value), func(s string) bool { return s == "" })}, Production)
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), "ACSAUTH_") {
				t.Fatalf("%s=%q: no setting is named: %v", set.name, value, err)
			}
			if v := strings.TrimSpace(value); set.secret && len(v) >= 12 && strings.Contains(err.Error(), v) && !strings.Contains(set.write+set.name, v) {
				t.Fatalf("%s: the fault repeats %q", set.name, v)
			}
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if strings.ContainsAny(line, "\r\x1b") || len(line) > 2000 {
					t.Fatalf("%s=%q: %q", set.name, value, line)
				}
			}
		})
	})
}
