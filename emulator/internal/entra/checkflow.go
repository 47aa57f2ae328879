package entra

import (
	"errors"
	"fmt"
	"net/url"
)

const (
	maxFederated     = 20 // of one application, as at Entra
	maxFederatedText = 600
)

// checkFlow checks what a registration says about consent, assertions and logout.
func (d *Directory) checkFlow(a *App) error {
	if len(a.Certificates) > maxCertificates || len(a.Federated) > maxFederated {
		return fmt.Errorf("more than %d certificates or %d federated credentials", maxCertificates, maxFederated)
	}
	if a.Public && len(a.Certificates)+len(a.Federated) > 0 {
		return errors.New("a public client has no certificate and no federated credential")
	}
	for _, der := range a.Certificates {
		if _, err := clientCertificate(der); err != nil {
			return err
		}
	}
	for _, f := range a.Federated {
		for _, text := range []string{f.Issuer, f.Subject, f.Audience} {
			if text == "" || len(text) > maxFederatedText {
				return fmt.Errorf("a federated credential needs issuer, subject and audience of 1 to %d bytes", maxFederatedText)
			}
		}
	}
	if a.FrontChannel != "" {
		u, err := url.Parse(a.FrontChannel)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Fragment != "" || len(a.FrontChannel) > maxURI {
			return errors.New("the front-channel logout URI has to be an http or https URL without a fragment")
		}
	}
	return errors.Join(
		d.checkGrants(a.Requested, "scope", func(r *Resource) []string { return r.Scopes }, a.Exposes),
		d.checkGrants(a.RequestedRoles, "app role", func(r *Resource) []string { return r.Roles }, a.Exposes))
}
