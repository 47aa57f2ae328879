package config

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// referencePrefix begins a secret setting whose value is in Azure Key Vault.
const referencePrefix = "keyvault:"

// A Reference names a secret in Azure Key Vault. It is no secret itself.
type Reference struct {
	Vault   string // https://HOST, in lower case
	Name    string
	Version string // "" for the newest
}

// String writes the reference as the URL of the secret.
func (r Reference) String() string {
	s := r.Vault + "/secrets/" + r.Name
	if r.Version != "" {
		s += "/" + r.Version
	}
	return s
}

// vaultDomains are the domains of Key Vault by cloud: public, US Government, China. A token is sent to no other host.
// Source: learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates, "Vault base URL".
var vaultDomains = []string{".vault.azure.net", ".vault.usgovcloudapi.net", ".vault.azure.cn"}

var (
	vaultForm         = regexp.MustCompile(`^[a-z][a-z0-9-]{1,22}[a-z0-9]$`)
	secretNameForm    = regexp.MustCompile(`^[A-Za-z0-9-]{1,127}$`)
	secretVersionForm = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
)

const maxReference = 1 << 10

// parseReference reads the URL of a secret. It refuses what is wrong in every mode; the host is up to [check.secrets].
func parseReference(text string) (Reference, error) {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxReference || u.Scheme != "https" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || u.User != nil || strings.ContainsAny(text, "?#%@") {
		return Reference{}, problem("is a Key Vault reference that is not an https URL of the form keyvault:https://VAULT.vault.azure.net/secrets/NAME")
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	r := Reference{Vault: "https://" + strings.ToLower(strings.TrimSuffix(u.Host, ":443"))}
	if len(parts) == 3 {
		r.Version = parts[2]
	}
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "secrets" || !secretNameForm.MatchString(parts[1]) || r.Version != "" && !secretVersionForm.MatchString(r.Version) {
		return Reference{}, problem("is a Key Vault reference whose path is not /secrets/NAME or /secrets/NAME/VERSION")
	}
	r.Name = parts[1]
	return r, nil
}

// inVaultDomain reports whether the host is a vault in one of Key Vault's own domains, without a port.
func (r Reference) inVaultDomain() bool {
	host := strings.TrimPrefix(r.Vault, "https://")
	return slices.ContainsFunc(vaultDomains, func(domain string) bool {
		name, ok := strings.CutSuffix(host, domain)
		return ok && vaultForm.MatchString(name) && !strings.Contains(name, "--")
	})
}

// onLoopback reports whether the host is this machine.
func (r Reference) onLoopback() bool {
	u, err := url.Parse(r.Vault)
	return err == nil && isLoopback(u.Hostname())
}

// ErrUnresolved is for a secret in Key Vault that was not fetched before it was used.
var ErrUnresolved = errors.New("the secret is a Key Vault reference that was not resolved")
