package config

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzReference: a reference that is accepted names one host, a vault's, however it is written, and reads the same again.
func FuzzReference(f *testing.F) {
	for _, s := range []string{
		"https://contoso.vault.azure.net/secrets/a", "https://contoso.vault.azure.net:443/secrets/a/1", "https://CONTOSO.vault.azure.cn/secrets/a/",
		"https://contoso.vault.azure.net@evil.example/secrets/a", "https://evil.example/.vault.azure.net/secrets/a", "https://evil.example#.vault.azure.net/secrets/a",
		"https://contoso.vault.azure.net\\@evil.example/secrets/a", "https://[::1].vault.azure.net/secrets/a", "//contoso.vault.azure.net/secrets/a",
		"https://xn--e1afmkfd.vault.azure.net/secrets/a", "https://contoso.vault.azure.net/secrets/a/../../keys/b", "https:contoso", "", "https://:443/secrets/0", "https://a:/secrets/0",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s Secret
		if s.UnmarshalText([]byte("keyvault:"+text)) != nil {
			return
		}
		ref, ok := s.Reference()
		if !ok || s.Reveal() != "" {
			t.Fatal("accepted, and no reference")
		}
		again, err := parseReference(ref.String())
		if err != nil || again != ref {
			t.Errorf("%q is read as %v and then as %v, %v", text, ref, again, err)
		}
		if !ref.inVaultDomain() {
			return
		}
		u, err := url.Parse(ref.String())
		if err != nil || u.Scheme != "https" || u.Port() != "" || u.User != nil || u.RawQuery != "" || strings.Count(u.Hostname(), ".") != 3 {
			t.Errorf("%q would send a token to %v", text, u)
		}
	})
}
