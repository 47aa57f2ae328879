package entra

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	snapshotVersion = 1
	maxSnapshot     = 64 << 20 // bytes
	maxCounters     = 1000
)

// snapshot is the state of the service. It holds private keys, secrets and refresh tokens.
type snapshot struct {
	Version  int                   `json:"version"`
	Rings    map[string][]savedKey `json:"rings"` // by ringName
	Users    []User                `json:"users"` // those that were added
	Apps     []App                 `json:"apps"`  // those that were added
	Codes    []savedCode           `json:"codes"`
	Refresh  []savedRefresh        `json:"refresh"`
	Sessions []savedSession        `json:"sessions"`
	Flow     savedFlow             `json:"flow"`
	Counters map[string]int64      `json:"counters"`
	Issued   []IssuedToken         `json:"issued"`
}

// Snapshot returns the state as JSON: signing keys, users and applications that were added, codes, refresh tokens,
// sessions, counters and the list of tokens. Tokens stay valid after [Service.Restore]. It holds secrets.
func (s *Service) Snapshot() ([]byte, error) {
	out := snapshot{Version: snapshotVersion, Counters: s.counts.all(), Issued: s.issued.All()}
	var err error
	if out.Rings, err = s.saveRings(); err != nil {
		return nil, err
	}
	if out.Flow, err = s.saveFlow(); err != nil {
		return nil, err
	}
	out.Codes, out.Refresh, out.Sessions = s.saveGrants()
	out.Users, out.Apps = s.dir.added() // after the grants, so that it has all their users
	b, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("entra: encode snapshot: %w", err)
	}
	return b, nil
}

// Restore replaces the state by that of a snapshot. It fails, and changes nothing, on what is not a snapshot of this version,
// of these tenants, or out of bounds.
func (s *Service) Restore(b []byte) error {
	in, err := decodeSnapshot(b)
	if err != nil {
		return fmt.Errorf("entra: snapshot: %w", err)
	}
	made, err := s.loadRings(in.Rings)
	if err != nil {
		return fmt.Errorf("entra: snapshot: %w", err)
	}
	scratch := s.dir.scratch()
	for _, u := range in.Users {
		if err := scratch.addUser(u); err != nil {
			return fmt.Errorf("entra: snapshot: %w", err)
		}
	}
	for _, a := range in.Apps {
		if err := scratch.addApp(a); err != nil {
			return fmt.Errorf("entra: snapshot: %w", err)
		}
	}
	grants, err := loadGrants(scratch, in)
	if err != nil {
		return fmt.Errorf("entra: snapshot: %w", err)
	}
	workload, err := in.Flow.check(scratch)
	if err != nil {
		return fmt.Errorf("entra: snapshot: %w", err)
	}
	s.dir.take(scratch)
	s.takeRings(made)
	grants.into(s)
	in.Flow.into(s.flow, workload)
	s.counts.set(in.Counters)
	s.issued.Replace(in.Issued)
	return nil
}

// decodeSnapshot decodes exactly one JSON object of the right version.
func decodeSnapshot(b []byte) (snapshot, error) {
	var in snapshot
	if len(b) > maxSnapshot {
		return in, fmt.Errorf("it is longer than %d bytes", maxSnapshot)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, errors.New("it is not JSON of this kind") // err would repeat a part of it
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return in, errors.New("something follows the JSON object")
	}
	switch {
	case in.Version != snapshotVersion:
		return in, fmt.Errorf("it is of version %d, want %d", in.Version, snapshotVersion)
	case len(in.Codes) > vaultLimit || len(in.Refresh) > vaultLimit || len(in.Sessions) > vaultLimit:
		return in, fmt.Errorf("it holds more than %d codes, refresh tokens or sessions", vaultLimit)
	case len(in.Issued) > maxIssued || len(in.Counters) > maxCounters:
		return in, errors.New("it holds too many counters or issued tokens")
	}
	return in, nil
}

// added returns the users and applications that were not there at the start.
func (d *Directory) added() (users []User, apps []App) {
	g := d.registered()
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, u := range g.users[g.seeded[0]:] {
		users = append(users, *u)
	}
	for _, a := range g.apps[g.seeded[1]:] {
		apps = append(apps, *a)
	}
	return users, apps
}

// scratch is a directory with what there is at the start.
func (d *Directory) scratch() *Directory {
	return &Directory{
		TenantID: d.TenantID, Domain: d.Domain, OtherTenantID: d.OtherTenantID, API: d.API, DefaultClient: d.DefaultClient,
		DefaultDaemon: d.DefaultDaemon, Graph: d.Graph, Teams: d.Teams, Tenants: d.Tenants, Users: d.Users,
		MoreUsers: d.MoreUsers, Apps: d.Apps, Resources: d.Resources,
	}
}

// take replaces the content by that of another directory, which nobody else uses.
func (d *Directory) take(from *Directory) {
	g, f := d.registered(), from.registered()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users, g.byName, g.inTenant, g.byHome = f.users, f.byName, f.inTenant, f.byHome
	g.apps, g.byClient, g.resources, g.seeded = f.apps, f.byClient, f.resources, f.seeded
}
