package acs

import (
	"cmp"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const (
	snapshotService = "acs"
	snapshotVersion = 1
	maxSnapshot     = 256 << 20 // bytes
	maxSerial       = 1 << 53   // what JSON numbers hold exactly everywhere
)

// snapshot is the state of a service.
type snapshot struct {
	Service     string          `json:"service"`
	Version     int             `json:"version"`
	SigningKey  []byte          `json:"signingKey"` // PKCS #8
	Resources   []resourceState `json:"resources"`
	Identities  []identityState `json:"identities"` // in the order of creation
	Assignments []assignment    `json:"assignments"`
	Issued      []IssuedToken   `json:"issued"`
}

type resourceState struct {
	ID         string    `json:"id"`
	Keys       [2]string `json:"keys"`
	Generation [2]int    `json:"generation"`
}

type identityState struct {
	ID         string    `json:"id"`
	CustomID   string    `json:"customId,omitempty"`
	Stray      bool      `json:"stray,omitempty"` // another identity is the customId's
	Deleted    bool      `json:"deleted,omitempty"`
	Created    time.Time `json:"created"`
	LastIssued time.Time `json:"lastIssued,omitzero"`
	RevokedAt  time.Time `json:"revokedAt,omitzero"`
	ValidFrom  time.Time `json:"validFrom,omitzero"`
	Issued     int64     `json:"issued,omitempty"`
	Revoked    int64     `json:"revoked,omitempty"`
}

// Snapshot returns the state as JSON: identities, assignments, access keys,
// the signing key and the list of issued tokens. It holds secrets. Counts,
// limit windows, behaviour and faults are not part of it, and a revocation
// that is on its way counts as done.
func (s *Service) Snapshot() ([]byte, error) {
	out, err := s.state()
	if err != nil {
		return nil, fmt.Errorf("acs: snapshot: %w", err)
	}
	return json.Marshal(out)
}

func (s *Service) state() (snapshot, error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	out := snapshot{Service: snapshotService, Version: snapshotVersion, Issued: s.issued.All()}
	var err error
	if out.SigningKey, err = x509.MarshalPKCS8PrivateKey(s.minter.key); err != nil {
		return out, err
	}
	for _, r := range s.resources {
		out.Resources = append(out.Resources, r.keys.state(r.id))
	}
	out.Identities, out.Assignments = s.registry.state()
	return out, nil
}

func (k *keyring) state(id string) resourceState {
	out := resourceState{ID: id, Keys: k.texts()}
	k.mu.RLock()
	defer k.mu.RUnlock()
	out.Generation = k.generation
	return out
}

func (g *registry) state() ([]identityState, []assignment) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	identities := make([]identityState, 0, len(g.records))
	for _, k := range g.ordered() {
		identities = append(identities, g.records[k].state(g.names.id(k), g.stray(k)))
	}
	return identities, g.grants.sorted()
}

// stray reports whether an identity's customId leads to another one.
func (g *registry) stray(k key) bool {
	text := g.records[k].customID
	return text != "" && g.custom[customKey{k.resource, text}] != k
}

func (g *grants) sorted() []assignment {
	list := make([]assignment, 0, len(g.of))
	for _, a := range g.of {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b assignment) int {
		if a.Extension != b.Extension {
			return map[bool]int{false: -1, true: 1}[a.Extension]
		}
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Object, b.Object))
	})
	return list
}

func (r record) state(id string, stray bool) identityState {
	return identityState{
		ID: id, CustomID: r.customID, Stray: stray, Deleted: r.deleted, Created: time.Unix(0, r.created).UTC(),
		LastIssued: timeAt(r.lastIssued), RevokedAt: timeAt(r.revokedAt), ValidFrom: timeAt(r.validFrom),
		Issued: r.issued, Revoked: r.revoked,
	}
}

// timeAt turns ns since 1970 into a time; 0 is never.
func timeAt(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// nanos is the reverse of timeAt.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
