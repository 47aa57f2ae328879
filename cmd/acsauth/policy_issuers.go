package main

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/policy"
)

// issuerSettings are the settings that conditions of a policy refer to.
type issuerSettings struct {
	Config string `help:"File with settings, one NAME=VALUE on a line." placeholder:"FILE" group:"settings"`
}

// issuers returns the issuers of the settings, none if no settings are given.
// Faults of other settings are none of this command's business.
func (s issuerSettings) issuers(c cli.Call) ([]config.Issuer, error) {
	cfg, err := config.Load(config.Sources{Environ: c.Env, File: s.Config}, config.Production)
	concerns := []string{"--config " + s.Config}
	given := len(cfg.TenantIDs) > 0 || cfg.AnyTenant || cfg.Issuers != ""
	if given {
		concerns = append(concerns, "ACSAUTH_TENANT_IDS", "ACSAUTH_CLIENT_ID", "ACSAUTH_ALLOWED_CLIENTS", "ACSAUTH_ISSUERS", "ACSAUTH_AUTHORITY_HOST")
	}
	if err := onlyAbout(err, cfg.Issuers, concerns); err != nil {
		return nil, cli.Misused(err)
	}
	if !given {
		return nil, nil
	}
	return cfg.AllIssuers(), nil
}

// onlyAbout keeps the faults of the named settings, and those within the file of issuers.
func onlyAbout(err error, file string, names []string) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var kept []error
	for _, e := range joined.Unwrap() {
		f, ok := errors.AsType[*config.Fault](e)
		if !ok || slices.Contains(names, f.Name) || file != "" && strings.HasPrefix(f.Name, file+": ") {
			kept = append(kept, e)
		}
	}
	return errors.Join(kept...)
}

// lintIssuers are the issuers as the policy sees them.
func lintIssuers(all []config.Issuer) (out []policy.Issuer) {
	for _, i := range all {
		out = append(out, policy.Issuer{Name: i.Name, Tenants: i.Tenants, Clients: i.Clients, Guests: i.Guests && i.Kind == config.KindEntra})
	}
	return out
}

// issuerOf returns the name of the issuer that accepts a token with this iss and
// tid, or "". It is a guess from names only: no signature is looked at.
func issuerOf(all []config.Issuer, iss, tid string) string {
	if len(all) == 0 {
		if host := hostOf(iss); iss == "" || host == "sts.windows.net" || strings.HasPrefix(host, "login.microsoftonline.") || host == "login.partner.microsoftonline.cn" {
			return config.MainIssuer
		}
		return ""
	}
	for _, anyTenant := range [...]bool{false, true} { // an issuer that lists the tenant comes first
		for _, i := range all {
			if i.AnyTenant == anyTenant && accepts(i, iss, tid) {
				return i.Name
			}
		}
	}
	return ""
}

func accepts(i config.Issuer, iss, tid string) bool {
	if i.Kind == config.KindOIDC {
		return iss == i.Issuer
	}
	if iss != "" && iss == i.Issuer {
		return true
	}
	host, own := hostOf(iss), hostOf(i.Authority)
	if iss != "" && host != own && !(host == "sts.windows.net" && i.Kind == config.KindEntra) && !(i.Kind == config.KindExternalID && strings.HasSuffix(host, ".ciamlogin.com")) {
		return false
	}
	return i.AnyTenant || slices.ContainsFunc(i.Tenants, func(t string) bool { return strings.EqualFold(t, tid) })
}

func hostOf(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
