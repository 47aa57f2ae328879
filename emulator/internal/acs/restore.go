package acs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"
)

// Restore replaces the state by that of a [Service.Snapshot], all or nothing.
// It refuses one that does not parse, is out of bounds, of another version or
// of other resources. The data file holds the restored state afterwards. Faults
// and behaviour stay as they are.
func (s *Service) Restore(data []byte) error {
	if err := s.restore(data); err != nil {
		return fmt.Errorf("acs: restore: %w", err)
	}
	return nil
}

func (s *Service) restore(data []byte) error {
	in, err := readSnapshot(data)
	if err != nil {
		return err
	}
	signer, err := readSigningKey(in.SigningKey)
	if err != nil {
		return err
	}
	keys, err := s.readResources(in.Resources)
	if err != nil {
		return err
	}
	next, err := s.registry.rebuild(in)
	if err != nil {
		return err
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	if err := s.registry.adopt(next); err != nil {
		return err
	}
	for i, r := range s.resources {
		r.keys.adopt(keys[i])
	}
	s.minter = signer
	s.issued.Replace(in.Issued)
	return nil
}

// readSnapshot checks the form and the version.
func readSnapshot(data []byte) (snapshot, error) {
	var in snapshot
	if len(data) > maxSnapshot {
		return in, fmt.Errorf("it is larger than %d bytes", maxSnapshot)
	}
	var head struct {
		Service string `json:"service"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return in, fmt.Errorf("it is not JSON of a snapshot: %w", err)
	}
	if head.Service != snapshotService || head.Version != snapshotVersion {
		return in, fmt.Errorf("it is of service %.64q version %d, want %q version %d",
			head.Service, head.Version, snapshotService, snapshotVersion)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, fmt.Errorf("it is not JSON of a snapshot: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return in, errors.New("it holds more than one JSON value")
	}
	if len(in.Issued) > maxIssued {
		return in, fmt.Errorf("it holds more than %d issued tokens", maxIssued)
	}
	return in, nil
}

func readSigningKey(der []byte) (*minter, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	signer, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || signer.Curve != elliptic.P256() {
		return nil, errors.New("signingKey is not a P-256 key in PKCS #8")
	}
	return minterOf(signer)
}

// readResources makes keyrings for the resources, which have to be ours.
func (s *Service) readResources(list []resourceState) ([]*keyring, error) {
	ours := func(state resourceState, id string) bool { return state.ID == id }
	if !slices.EqualFunc(list, s.names, ours) {
		return nil, errors.New("its resources are others than those of this service")
	}
	var out []*keyring
	for _, state := range list {
		k, err := newKeyring(state.Keys)
		if err != nil {
			return nil, err
		}
		for _, n := range state.Generation {
			if n < 0 || n > 1_000_000 {
				return nil, errors.New("a generation of a key is out of bounds")
			}
		}
		k.generation = state.Generation
		out = append(out, k)
	}
	return out, nil
}

func (k *keyring) adopt(other *keyring) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.secrets, k.generation = other.secrets, other.generation
}

// rebuild makes a registry of what a snapshot holds, by the same rules as
// requests do.
func (g *registry) rebuild(in snapshot) (*registry, error) {
	next := &registry{names: g.names, max: g.max, maxDeleted: g.maxDeleted, book: newBook(), grants: newGrants()}
	for i, state := range in.Identities {
		if err := next.admitState(state); err != nil {
			return nil, fmt.Errorf("identity %d: %w", i, err)
		}
	}
	gone := slices.DeleteFunc(slices.Clone(in.Identities), func(i identityState) bool { return !i.Deleted })
	slices.SortStableFunc(gone, func(a, b identityState) int { return a.RevokedAt.Compare(b.RevokedAt) })
	for _, state := range gone {
		if err := next.write(entry{Op: opDelete, ID: state.ID, At: state.RevokedAt}); err != nil {
			return nil, err
		}
	}
	for i, a := range in.Assignments {
		if _, known := next.grants.of[a.at()]; known {
			return nil, fmt.Errorf("assignment %d is there twice", i)
		}
		if err := next.write(entry{Op: opAssign, Assignment: &a}); err != nil {
			return nil, fmt.Errorf("assignment %d: %w", i, err)
		}
	}
	return next, nil
}

func (g *registry) admitState(state identityState) error {
	k, ok := g.names.parse(state.ID)
	if !ok {
		return errors.New("it is of another resource")
	}
	if _, known := g.records[k]; known {
		return errors.New("it is there twice")
	}
	if err := state.check(k); err != nil {
		return err
	}
	err := g.write(entry{Op: opCreate, ID: state.ID, At: state.Created, CustomID: state.CustomID, Stray: state.Stray})
	if err != nil {
		return err
	}
	rec := g.records[k]
	rec.lastIssued, rec.revokedAt, rec.validFrom = nanos(state.LastIssued), nanos(state.RevokedAt), nanos(state.ValidFrom)
	rec.issued, rec.revoked = state.Issued, state.Revoked
	g.records[k] = rec
	return nil
}

func (i identityState) check(k key) error {
	inTime := func(t time.Time) bool { return t.IsZero() || t.Year() >= 1970 && t.Year() < 2200 }
	switch {
	case utf8.RuneCountInString(i.CustomID) > maxCustomID || i.CustomID != "" && (i.Deleted || k.kind != kindUser):
		return errors.New("its customId cannot be")
	case i.Revoked < 0 || i.Revoked > i.Issued || i.Issued > maxSerial:
		return errors.New("its numbers of tokens cannot be")
	case i.Created.IsZero() || i.Deleted && i.RevokedAt.IsZero():
		return errors.New("a time is missing")
	case !inTime(i.Created) || !inTime(i.LastIssued) || !inTime(i.RevokedAt) || !inTime(i.ValidFrom):
		return errors.New("one of its times is out of bounds")
	}
	return nil
}

// adopt takes over what another registry knows, in the data file first.
func (g *registry) adopt(other *registry) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.journal != nil {
		if err := g.journal.replace(other.entries()); err != nil {
			return fmt.Errorf("write data file: %w", err)
		}
	}
	if g.foreign != 0 { // the restored ones were made before, too
		g.foreign = other.order
	}
	g.book, g.grants, g.late = other.book, other.grants, late{}
	return nil
}
