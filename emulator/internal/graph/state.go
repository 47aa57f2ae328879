package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// stateVersion is the version of the form that Snapshot writes.
const stateVersion = 1

// state is what a snapshot holds: the extensions and the behaviour. Counters and old states stay out.
type state struct {
	Version    int             `json:"version"`
	Behaviour  Behaviour       `json:"behaviour"`
	Extensions []ExtensionInfo `json:"extensions"`
}

// ExtensionInfo is an open extension of a user.
type ExtensionInfo struct {
	User string          `json:"user"` // object id
	App  string          `json:"app"`  // client id of the creator
	Name string          `json:"name"`
	Data json.RawMessage `json:"data"` // JSON object, at most 2 KiB
}

func (e extension) info(user string) (ExtensionInfo, error) {
	data, err := json.Marshal(e.data)
	return ExtensionInfo{User: user, App: e.app, Name: e.name, Data: data}, err
}

// Extensions returns up to limit extensions, by object id of the user and then oldest first.
func (s *Service) Extensions(limit int) []ExtensionInfo {
	out := []ExtensionInfo{}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	for _, user := range slices.Sorted(maps.Keys(s.store.users)) {
		for _, e := range s.store.users[user] {
			if len(out) >= limit {
				return out
			}
			if info, err := e.info(user); err == nil {
				out = append(out, info)
			}
		}
	}
	return out
}

// AddExtension adds an extension as its application would, without a token. It fails as the API does.
func (s *Service) AddExtension(in ExtensionInfo) error {
	e, err := in.read()
	if err != nil {
		return err
	}
	if ref := s.store.add(strings.ToLower(in.User), e); ref != nil {
		return fmt.Errorf("graph: extension %q of user %s: %s", in.Name, in.User, ref.message)
	}
	return nil
}

// read checks what comes from outside.
func (in ExtensionInfo) read() (extension, error) {
	if in.User == "" || len(in.User) > maxIDLen || in.App == "" || len(in.App) > maxIDLen {
		return extension{}, errors.New("graph: an extension needs the object id of a user and the client id of an app")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(in.Data, &fields); err != nil || fields == nil {
		return extension{}, fmt.Errorf("graph: the data of extension %q is not a JSON object", in.Name)
	}
	if !nameShape.MatchString(in.Name) || reservedName.MatchString(in.Name) {
		return extension{}, fmt.Errorf("graph: %q is not the name of an extension", in.Name)
	}
	data, ref := extensionData(fields)
	if ref != nil {
		return extension{}, fmt.Errorf("graph: extension %q: %s", in.Name, ref.message)
	}
	return extension{name: in.Name, app: in.App, data: data}, nil
}

// maxIDLen bounds an id, in bytes.
const maxIDLen = 64

// Snapshot returns the state as JSON, for Restore.
func (s *Service) Snapshot() ([]byte, error) {
	const all = maxKept // more than fit
	return json.Marshal(state{Version: stateVersion, Behaviour: s.Behaviour(), Extensions: s.Extensions(all)})
}

// Restore replaces the state by that of a snapshot. It changes nothing when it fails: on text that is no snapshot, one of
// another version, or one that holds what the API would refuse.
func (s *Service) Restore(snapshot []byte) error {
	dec := json.NewDecoder(bytes.NewReader(snapshot))
	dec.DisallowUnknownFields()
	var in state
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("graph: this is no snapshot: %w", err)
	}
	if dec.More() {
		return errors.New("graph: the snapshot goes on after its end")
	}
	if in.Version != stateVersion {
		return fmt.Errorf("graph: the snapshot is of version %d, want %d", in.Version, stateVersion)
	}
	if err := in.Behaviour.Check(); err != nil {
		return err
	}
	fresh := New(Options{})
	for _, e := range in.Extensions {
		if err := fresh.AddExtension(e); err != nil {
			return err
		}
	}
	s.behaviour.Store(&in.Behaviour)
	s.throttle.reset()
	s.store.replaceAll(&fresh.store)
	return nil
}

// replaceAll takes over the extensions of another store, which must not be used after. There is no past.
func (s *store) replaceAll(other *store) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users, s.bytes, s.past = other.users, other.bytes, history{}
}
