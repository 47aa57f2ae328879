package entra

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// savedFlow is [flowState] in a snapshot. Device sign-ins that are under way are left out: they last minutes.
type savedFlow struct {
	Obstacle     Obstacle            `json:"obstacle,omitzero"`
	ObstacleID   int                 `json:"obstacleId,omitempty"`
	ObstacleLeft int                 `json:"obstacleLeft,omitempty"`
	Consents     []savedConsent      `json:"consents,omitempty"`
	Revoked      []savedRevocation   `json:"revoked,omitempty"`
	Certificates map[string][][]byte `json:"certificates,omitempty"` // DER by client id
	Workload     *savedKey           `json:"workload,omitempty"`

	obstacleUser string // object id, found by check
}

// savedConsent is a consent in a snapshot.
type savedConsent struct {
	App    string              `json:"app"`
	Who    string              `json:"who"`
	Scopes map[string][]string `json:"scopes,omitempty"`
	Roles  map[string][]string `json:"roles,omitempty"`
	Anew   int                 `json:"anew,omitempty"`
}

// savedRevocation says in a snapshot which sessions of a user are over.
type savedRevocation struct {
	User  string    `json:"user"` // object id
	Count int       `json:"count"`
	At    time.Time `json:"at"`
}

// saveFlow returns what a snapshot keeps.
func (s *Service) saveFlow() (savedFlow, error) {
	f := s.flow
	var out savedFlow
	f.conditions.mu.Lock()
	out.Obstacle, out.ObstacleID, out.ObstacleLeft = f.conditions.set, f.conditions.id, f.conditions.left
	f.conditions.mu.Unlock()
	f.consents.mu.Lock()
	for key, g := range f.consents.all {
		out.Consents = append(out.Consents, savedConsent{key.app, key.who, g.scopes, g.roles, f.consents.anew[key]})
	}
	f.consents.mu.Unlock()
	slices.SortFunc(out.Consents, func(a, b savedConsent) int { return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Who, b.Who)) })
	f.revoked.mu.Lock()
	for oid, r := range f.revoked.users {
		out.Revoked = append(out.Revoked, savedRevocation{oid, r.count, r.at})
	}
	f.revoked.mu.Unlock()
	slices.SortFunc(out.Revoked, func(a, b savedRevocation) int { return cmp.Compare(a.User, b.User) })
	f.certs.mu.Lock()
	if len(f.certs.added) > 0 {
		out.Certificates = make(map[string][][]byte)
		for id, ders := range f.certs.added {
			out.Certificates[id] = slices.Clone(ders)
		}
	}
	f.certs.mu.Unlock()
	f.workload.mu.Lock()
	defer f.workload.mu.Unlock()
	if f.workload.key == nil {
		return out, nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(f.workload.key.key)
	if err != nil {
		return out, fmt.Errorf("entra: encode workload key: %w", err)
	}
	out.Workload = &savedKey{PKCS8: der, Cert: f.workload.key.cert}
	return out, nil
}

// check checks what a snapshot holds for a directory, and decodes the key of the workload issuer, if there is one.
func (f *savedFlow) check(d *Directory) (*signingKey, error) {
	if len(f.Consents) > maxConsents || len(f.Revoked) > vaultLimit || len(f.Certificates) > vaultLimit {
		return nil, errors.New("it holds too many consents, revocations or certificates")
	}
	if err := f.Obstacle.check(); err != nil {
		return nil, err
	}
	if name := f.Obstacle.User; name != "" {
		u := d.user(name)
		if u == nil {
			return nil, errors.New("an obstacle is of a user that is not there")
		}
		f.obstacleUser = u.ObjectID
	}
	for _, c := range f.Consents {
		if len(c.App)+len(c.Who) > maxWord || len(c.Scopes)+len(c.Roles) > maxList {
			return nil, errors.New("a consent is out of bounds")
		}
	}
	for id, ders := range f.Certificates {
		if d.app(id) == nil || len(ders) > maxCertificates {
			return nil, errors.New("a certificate is of an application that is not there, or one has too many")
		}
		for _, der := range ders {
			if _, err := clientCertificate(der); err != nil {
				return nil, err
			}
		}
	}
	if f.Workload == nil {
		return nil, nil
	}
	return f.Workload.load()
}

// into puts the state in place.
func (f savedFlow) into(s *flowState, workload *signingKey) {
	s.devices.clear()
	c := &s.conditions
	c.mu.Lock()
	c.set, c.id, c.user, c.left = f.Obstacle, max(f.ObstacleID, 0), f.obstacleUser, f.ObstacleLeft
	c.mu.Unlock()
	s.consents.mu.Lock()
	s.consents.all, s.consents.anew = make(map[consentKey]granted), make(map[consentKey]int)
	for _, one := range f.Consents {
		key := consentKey{one.App, one.Who}
		s.consents.all[key] = granted{one.Scopes, one.Roles}
		if one.Anew != 0 {
			s.consents.anew[key] = one.Anew
		}
	}
	s.consents.mu.Unlock()
	s.revoked.mu.Lock()
	s.revoked.users = make(map[string]revocation)
	for _, one := range f.Revoked {
		s.revoked.users[one.User] = revocation{one.Count, one.At}
	}
	s.revoked.mu.Unlock()
	s.certs.mu.Lock()
	s.certs.added = f.Certificates
	s.certs.mu.Unlock()
	if workload != nil {
		s.workload.mu.Lock()
		s.workload.key = workload
		s.workload.mu.Unlock()
	}
}
