package config

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Bounds of ACSAUTH_SECRETS_REFRESH.
const (
	minRefresh = 10 * time.Second
	maxRefresh = 24 * time.Hour
)

// secretField returns the Secret behind a setting.
func (c *Config) secretField(s setting) *Secret {
	p, _ := reflect.ValueOf(c).Elem().FieldByName(s.field).Addr().Interface().(*Secret)
	return p
}

// secretSettings lists the settings that are secret.
func secretSettings() []setting {
	return slices.DeleteFunc(settings(), func(s setting) bool { return !s.secret })
}

// secrets checks where secrets come from.
func (k *check) secrets() {
	c := k.c
	inVault := false
	for _, s := range secretSettings() {
		ref, ok := c.secretField(s).Reference()
		if !ok {
			continue
		}
		inVault = true
		if !ref.inVaultDomain() && !(k.mode == Development && ref.onLoopback()) {
			k.add(s.name, "refers to "+quote(ref.Vault)+", which is no Key Vault, and a token would be sent there",
				"keyvault:https://VAULT.vault.azure.net/secrets/NAME, or the domain of another cloud: "+vaultDomains[1]+", "+vaultDomains[2])
		}
	}
	k.oneOf("ACSAUTH_KEYVAULT_CREDENTIAL", c.KeyVaultCredential, ManagedIdentity, WorkloadIdentity, AzureCLI)
	if inVault && c.KeyVaultCredential == WorkloadIdentity {
		k.workloadIdentity()
	}
	if d, err := c.RefreshInterval(); err != nil {
		k.bad("ACSAUTH_SECRETS_REFRESH", "is "+quote(c.SecretsRefresh)+", which is not understood")
	} else if d != 0 {
		k.between("ACSAUTH_SECRETS_REFRESH", d, minRefresh, maxRefresh)
	}
}

// secondKey checks the other key of the ACS resource.
func (k *check) secondKey() {
	const first, second = "ACSAUTH_ACS_CONNECTION_STRING", "ACSAUTH_ACS_CONNECTION_STRING_2"
	c := k.c
	if c.ACSConnectionString2.IsZero() {
		return
	}
	if c.ACSConnectionString.IsZero() {
		k.add(second, "is set without "+first, "the first key there, or use no key at all")
		return
	}
	if c.ACSConnectionString2.Pending() {
		return
	}
	endpoint, key, err := splitConnectionString(c.ACSConnectionString2.Reveal())
	if err != nil {
		k.bad(second, err.Error())
		return
	}
	if c.ACSConnectionString.Pending() {
		return
	}
	other, otherKey, err := splitConnectionString(c.ACSConnectionString.Reveal())
	switch {
	case err != nil: // reported for the first
	case !sameSite(endpoint, other):
		k.bad(second, "names another endpoint than "+first)
	case NewSecret(key).Equal(NewSecret(otherKey)):
		k.bad(second, "has the same key as "+first)
	}
}

// RefreshInterval is how often secrets are read again; 0 stands for never.
func (c *Config) RefreshInterval() (time.Duration, error) {
	if c.SecretsRefresh == Off {
		return 0, nil
	}
	d, err := time.ParseDuration(c.SecretsRefresh)
	if err == nil && d <= 0 {
		err = errors.New("is not above zero")
	}
	return d, err
}

// Pending reports whether secrets still have to be fetched from Key Vault.
func (c *Config) Pending() bool {
	return slices.ContainsFunc(secretSettings(), func(s setting) bool { return c.secretField(s).Pending() })
}

// A Fetch gets a secret from Key Vault. Its error must not hold the value.
type Fetch func(context.Context, Reference) (string, error)

// Resolve fetches every secret that is [Secret.Pending] and then checks all settings again. Its error joins every [Fault].
func (c *Config) Resolve(ctx context.Context, fetch Fetch) error {
	var fs faults
	for _, s := range secretSettings() {
		field := c.secretField(s)
		if !field.Pending() {
			continue
		}
		value, err := fetch(ctx, *field.ref)
		if err != nil {
			fs.add(s.name, "cannot be fetched from Key Vault: "+err.Error(), "")
			continue
		}
		fetched, err := FetchedSecret(*field.ref, value)
		if err != nil {
			fs.add(s.name, err.Error()+" in Key Vault", "")
			continue
		}
		*field = fetched
	}
	for _, f := range c.faults(c.mode) {
		if !fs.has(f.Name) {
			fs = append(fs, f)
		}
	}
	return fs.join()
}

// FetchedSecret is the secret for what Key Vault holds at ref. It must not be empty, nor another reference.
func FetchedSecret(ref Reference, value string) (Secret, error) {
	var s Secret
	if err := s.UnmarshalText([]byte(value)); err != nil {
		return Secret{}, err
	}
	switch {
	case s.IsZero():
		return Secret{}, errors.New("is empty")
	case s.ref != nil:
		return Secret{}, errors.New("is a Key Vault reference itself")
	}
	s.ref = &ref
	return s, nil
}

// A SecretSource says where a secret comes from that may change while the service runs.
type SecretSource struct {
	Name string // of the setting
	Path string // of the file that holds it, or ""
	// Reference is where in Key Vault it is, if InVault. A reference may itself stand in the file.
	Reference Reference
	InVault   bool
}

// SecretSources lists the secrets that come from files or from Key Vault, in the order of the manual. Those that
// stand in the environment, on the command line or in the file of settings cannot change.
func (c *Config) SecretSources() []SecretSource {
	var out []SecretSource
	for _, s := range secretSettings() {
		source := SecretSource{Name: s.name, Path: c.origins[s.name].path}
		source.Reference, source.InVault = c.secretField(s).Reference()
		if source.Path != "" || source.InVault {
			out = append(out, source)
		}
	}
	return out
}

// ReadSecretFile reads a secret from a file, less one line break at its end. Errors do not show the path's content.
func ReadSecretFile(path string) (Secret, error) {
	text, err := readSecret(path)
	if err != nil {
		return Secret{}, errors.New(reason(err))
	}
	var s Secret
	err = s.UnmarshalText([]byte(text))
	return s, err
}

// With returns a copy of c in which these secrets have new values, by the names of their settings. The error joins
// the faults that they bring with them; a name that is not a secret is a fault, too.
func (c *Config) With(values map[string]Secret) (*Config, error) {
	changed := *c
	changed.origins = maps.Clone(c.origins)
	var fs faults
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s := find(name)
		if !s.secret {
			fs.add(name, "is not a secret", "")
			continue
		}
		*changed.secretField(s) = values[name]
	}
	before := c.faults(c.mode)
	for _, f := range changed.faults(c.mode) {
		if !before.has(f.Name) {
			fs = append(fs, f)
		}
	}
	if !sameSite(c.Endpoint(), changed.Endpoint()) {
		fs.add("ACSAUTH_ACS_CONNECTION_STRING", "names another endpoint", "the endpoint of before, or start the service anew")
	}
	return &changed, fs.join()
}

// SecretOf returns the secret of the setting with this name; not set if there is none.
func (c *Config) SecretOf(name string) Secret {
	if s := find(name); s.secret {
		return *c.secretField(s)
	}
	return Secret{}
}

// sameSite compares two endpoints, whatever their case, slash and default port.
func sameSite(a, b string) bool {
	plain := func(s string) string { return strings.TrimSuffix(strings.ToLower(strings.TrimSuffix(s, "/")), ":443") }
	return plain(a) == plain(b)
}
