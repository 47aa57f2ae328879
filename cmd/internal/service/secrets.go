package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/secret"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// The events about keys of ACS.
const (
	eventKeyRefused  = "acs_key_refused"  // ACS refuses one key and takes the other
	eventKeysRefused = "acs_keys_refused" // ACS refuses both
)

// secretEventNames lists the events that [watchSecrets] counts.
func secretEventNames() []string {
	return append(secret.EventNames(), eventKeyRefused, eventKeysRefused)
}

// secretHooks are the parts that take a changed secret without a restart.
type secretHooks struct {
	Config  *config.Config // its secrets are fetched
	ACS     *acsidentity.Client
	Stores  *stores.Live // of the Spec that the store was opened with
	Log     *slog.Logger
	Metrics *telemetry.Metrics
	// Forget drops the ACS tokens that are kept: those that a key minted end when it is regenerated.
	Forget func()
}

// watchSecrets reads secrets in files and in Key Vault again, as ACSAUTH_SECRETS_REFRESH says, and lets the parts use
// what has changed, until ctx ends. It also tells when ACS refuses a key.
func watchSecrets(ctx context.Context, h secretHooks) {
	if key := h.ACS.Key(); key != nil {
		key.Notify(h.keyEvent)
	}
	sources := h.Config.SecretSources()
	interval, err := h.Config.RefreshInterval()
	if err != nil || interval == 0 || len(sources) == 0 {
		return
	}
	fetch, err := stores.Fetcher(h.Config)
	if err != nil {
		h.Log.Error("secrets in Key Vault are not fetched again", "error", err)
		fetch = func(context.Context, config.Reference) (string, error) { return "", err }
	}
	current := map[string]config.Secret{}
	for _, s := range sources {
		current[s.Name] = h.Config.SecretOf(s.Name)
	}
	user := &secretUser{secretHooks: h}
	w := &secret.Watcher{
		Sources: sources, Current: current, Interval: interval, Fetch: fetch, Apply: user.apply, Log: h.Log, Observe: h.Metrics.BrokerEvent,
	}
	w.Run(ctx)
}

// keyEvent tells the operator that a key of ACS is refused.
func (h secretHooks) keyEvent(e acsidentity.KeyEvent) {
	names := [...]string{"", "ACSAUTH_ACS_CONNECTION_STRING", "ACSAUTH_ACS_CONNECTION_STRING_2"}
	if e.Using == 0 {
		h.Metrics.BrokerEvent(eventKeysRefused)
		h.Log.Error("ACS refuses both access keys; set the keys that the resource has now")
		return
	}
	h.Forget()
	h.Metrics.BrokerEvent(eventKeyRefused)
	h.Log.Warn("ACS refuses one access key, and the other one is in use; set the key that the resource has now",
		"setting", names[e.Refused], "using", names[e.Using])
}

// A secretUser puts changed secrets to use. Its methods are called one after the other.
type secretUser struct {
	secretHooks // Config has the secrets that are in use
}

// apply uses the changed secrets that are good, and says what is wrong with the others.
func (u *secretUser) apply(changed map[string]config.Secret) map[string]error {
	failed := map[string]error{}
	good := maps.Clone(changed)
	u.sift(good, failed)
	for _, name := range slices.Sorted(maps.Keys(good)) {
		if !replaceable(u.Config, name) {
			failed[name] = secret.ErrRestart
			delete(good, name)
		}
	}
	next := u.sift(good, failed) // what is left may not be good without the others
	if len(good) == 0 {
		return failed
	}
	for name, err := range u.use(next, good) {
		failed[name] = err
		delete(good, name)
	}
	if next, err := u.Config.With(good); err == nil {
		u.Config = next
	}
	return failed
}

// sift moves the secrets that bring faults from good to failed, and returns the settings with those that are left.
func (u *secretUser) sift(good map[string]config.Secret, failed map[string]error) *config.Config {
	for len(good) > 0 {
		next, err := u.Config.With(good)
		if err == nil {
			return next
		}
		found := false
		for name := range good {
			if only := config.Only(err, name); only != nil {
				failed[name] = only
				delete(good, name)
				found = true
			}
		}
		if !found { // the fault is with another setting, such as the other key, which is the same now
			for name := range good {
				failed[name] = err
			}
			clear(good)
		}
	}
	return u.Config
}

// replaceable reports whether the part that uses a secret takes a new one while it runs, or no part uses it.
func replaceable(c *config.Config, name string) bool {
	switch name {
	case "ACSAUTH_STORE_SECRET":
		return stores.CanReplaceSecret(c)
	case "ACSAUTH_GRAPH_MAC_KEYS":
		return !c.UsesGraph() && !c.GraphAdopt
	case "ACSAUTH_AUDIT_KEYS":
		return c.Audit == config.Off
	}
	return true
}

// use hands the changed secrets to the parts, and returns what went wrong, by name.
func (u *secretUser) use(next *config.Config, changed map[string]config.Secret) map[string]error {
	failed := map[string]error{}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		var err error
		switch name {
		case "ACSAUTH_ACS_CONNECTION_STRING", "ACSAUTH_ACS_CONNECTION_STRING_2":
			err = u.useKeys(next)
		case "ACSAUTH_STORE_SECRET":
			u.Stores.ReplaceSecret(next.StoreSecret)
		case "ACSAUTH_CLIENT_SECRET", "ACSAUTH_CLIENT_CERTIFICATE":
			err = u.Stores.ReplaceClient(next.ClientSecret, next.ClientCertificate)
		}
		if err != nil {
			failed[name] = fmt.Errorf("%s: %w", name, err)
		}
	}
	return failed
}

func (u *secretUser) useKeys(next *config.Config) error {
	if u.ACS.Key() == nil {
		return errors.New("no key is in use")
	}
	err := setACSKeys(u.ACS, next.ACSKeys())
	if err == nil {
		u.Forget()
	}
	return err
}

// pingSecrets fetches the secrets that are in Key Vault.
func (p Pinger) pingSecrets(ctx context.Context) (string, error) {
	if err := stores.Resolve(ctx, p.Config); err != nil {
		return "", err
	}
	n := 0
	for _, s := range p.Config.SecretSources() {
		if s.InVault {
			n++
		}
	}
	return fmt.Sprintf("%d secrets fetched", n), nil
}
