package entra

import (
	"bytes"
	"crypto/x509"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// savedFlow is what sign-ins left behind, in a snapshot. Device sign-ins that are under way and the key of the workload
// issuer are not in it.
type savedFlow struct {
	Consents     []savedConsent             `json:"consents"`
	Revoked      map[string]savedRevocation `json:"revoked"`      // by object id
	Certificates map[string][][]byte        `json:"certificates"` // DER by client id
}

type savedConsent struct {
	App    string              `json:"app"`
	Who    string              `json:"who"` // "user ID" or "tenant ID"
	Scopes map[string][]string `json:"scopes,omitempty"`
	Roles  map[string][]string `json:"roles,omitempty"`
}

type savedRevocation struct {
	Count int       `json:"count"`
	At    time.Time `json:"at"`
}

// save returns what is to be kept.
func (f *flowState) save() savedFlow {
	out := savedFlow{Revoked: make(map[string]savedRevocation), Certificates: make(map[string][][]byte)}
	f.consents.mu.Lock()
	for key, g := range f.consents.all {
		out.Consents = append(out.Consents, savedConsent{key.app, key.who, g.scopes, g.roles})
	}
	f.consents.mu.Unlock()
	slices.SortFunc(out.Consents, func(a, b savedConsent) int { return strings.Compare(a.App+a.Who, b.App+b.Who) })
	f.revoked.mu.Lock()
	for oid, r := range f.revoked.users {
		out.Revoked[oid] = savedRevocation{r.count, r.at}
	}
	f.revoked.mu.Unlock()
	f.certs.mu.Lock()
	maps.Copy(out.Certificates, f.certs.added)
	f.certs.mu.Unlock()
	return out
}

// check refuses what could not have been saved.
func (in savedFlow) check(d *Directory) error {
	if len(in.Consents) > maxConsents || len(in.Revoked) > vaultLimit || len(in.Certificates) > maxApps+len(d.Apps) {
		return errors.New("it holds too many consents, revocations or certificates")
	}
	for _, c := range in.Consents {
		if len(c.App)+len(c.Who) > maxWord || len(c.Scopes)+len(c.Roles) > maxList {
			return errors.New("a consent is out of bounds")
		}
	}
	for client, ders := range in.Certificates {
		if d.app(client) == nil || len(ders) > maxCertificates {
			return errors.New("a certificate is of an application that is not there, or one has too many")
		}
		for _, der := range ders {
			if _, err := x509.ParseCertificate(der); err != nil {
				return errors.New("a certificate of an application is not one")
			}
		}
	}
	return nil
}

// load replaces what is kept by what was checked. Device sign-ins end.
func (f *flowState) load(in savedFlow) {
	f.reset()
	for _, c := range in.Consents {
		f.consents.add(consentKey{c.App, c.Who}, granted{c.Scopes, c.Roles}) // within the bound, so it cannot fail
	}
	f.revoked.mu.Lock()
	f.revoked.users = make(map[string]revocation)
	for oid, r := range in.Revoked {
		f.revoked.users[oid] = revocation{r.Count, r.At}
	}
	f.revoked.mu.Unlock()
	f.certs.mu.Lock()
	f.certs.added = make(map[string][][]byte)
	for client, ders := range in.Certificates {
		for _, der := range ders {
			f.certs.added[client] = append(f.certs.added[client], bytes.Clone(der))
		}
	}
	f.certs.mu.Unlock()
}
