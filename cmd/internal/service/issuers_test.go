package service

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/authn"
	"github.com/acs-solutions/acsauth/internal/config"
)

// loadIssuers loads a configuration with the issuers of docs/issuers.md, changed by edit, beside those of the settings.
func loadIssuers(t *testing.T, edit func(string) string, more ...string) (*config.Config, error) {
	t.Helper()
	text, err := os.ReadFile("../../../docs/issuers.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(string(text))
	if m == nil {
		t.Fatal("docs/issuers.md has no example")
	}
	path := filepath.Join(t.TempDir(), "issuers.json")
	if err := os.WriteFile(path, []byte(edit(m[1])), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(config.Sources{Environ: append(more, "ACSAUTH_ISSUERS="+path, "ACSAUTH_ACS_ENDPOINT=https://x.communication.azure.com")}, config.Production)
}

func TestIssuersOfTheFileAreAccepted(t *testing.T) {
	same := func(s string) string { return s }
	const id = "11111111-aaaa-4bbb-8ccc-123456789012"
	c, err := loadIssuers(t, same, "ACSAUTH_TENANT_IDS="+id, "ACSAUTH_CLIENT_ID="+id, "ACSAUTH_ALLOWED_CLIENTS=*", "ACSAUTH_ADMIN_CLIENTS="+id)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckIssuers(c, false); err != nil {
		t.Error(err)
	}
	if _, err := NewVerifier(c, false, nil); err != nil {
		t.Error(err)
	}
	kinds := map[authn.Kind]int{}
	for _, i := range authnOptions(c, Options{}).Issuers {
		if i.Kind.String() != kindOf(c, i.Name) {
			t.Errorf("issuer %s became one of kind %s", i.Name, i.Kind)
		}
		kinds[i.Kind]++
	}
	if kinds[authn.Entra] != 3 || kinds[authn.ExternalID] != 1 || kinds[authn.B2C] != 1 || kinds[authn.OIDC] != 1 {
		t.Errorf("%v", kinds)
	}
	var asked []string
	for _, s := range (Pinger{Config: c}).KeySources() {
		asked = append(asked, s.What)
	}
	want := "Entra ID tenant " + id + "|Entra ID tenant 72f988bf-86f1-41af-91ab-2d7cd011db47|Issuer anybody|Issuer customers|Issuer old-customers, policy B2C_1_signupsignin|Issuer old-customers, policy B2C_1A_custom|Issuer partner"
	if got := strings.Join(asked, "|"); got != want {
		t.Errorf("asked for keys: %s", got)
	}
}

func kindOf(c *config.Config, name string) string {
	for _, i := range c.AllIssuers() {
		if i.Name == name {
			return i.Kind
		}
	}
	return ""
}

func TestOverlappingIssuersAreNamed(t *testing.T) {
	both := func(s string) string {
		return strings.Replace(s, `"0a7c1a3d-3c1d-4c8a-9a8f-5d9e6f1b2c3d"`, `"11111111-aaaa-4bbb-8ccc-123456789012"`, 1)
	}
	const id = "11111111-aaaa-4bbb-8ccc-123456789012"
	c, err := loadIssuers(t, both, "ACSAUTH_TENANT_IDS="+id, "ACSAUTH_CLIENT_ID="+id, "ACSAUTH_ALLOWED_CLIENTS=*")
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckIssuers(c, false); err == nil || !strings.Contains(err.Error(), "'entra' and 'anybody' would accept the same tokens") {
		t.Error(err)
	}
}
