package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	restorePath     = "/restore"
	snapshotKind    = "acsauth emulator"
	snapshotVersion = 1
	maxSnapshot     = 64 << 20 // bytes that POST /restore takes
)

// snapshot is the whole state. The services write and check their own parts.
type snapshot struct {
	Kind      string          `json:"kind"`
	Version   int             `json:"version"`
	Taken     time.Time       `json:"taken"` // real time
	Base      string          `json:"base"`  // of the issuers: tokens stay valid where this is the same
	Clock     string          `json:"clock"` // offset from the real time
	Entra     json.RawMessage `json:"entra"`
	Graph     json.RawMessage `json:"graph"`
	ACS       json.RawMessage `json:"acs"`
	Behaviour acsRequest      `json:"acsBehaviour"`
	Faults    []rule          `json:"faults"`
}

// Snapshot returns the state as one JSON document: directory, sessions, codes and refresh tokens, extensions, identities, keys,
// clock, behaviour and faults. The list of requests and the count of rehearsals are not part of it. It holds the keys that
// make and verify tokens here. The services are read one after the other, so let programs rest meanwhile.
func (e *Emulator) Snapshot() ([]byte, error) {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	s, err := e.snapshot()
	if err != nil {
		return nil, err
	}
	return s.encode(maxSnapshot)
}

// encode refuses a state that would be too large to be restored.
func (s snapshot) encode(limit int) ([]byte, error) {
	text, err := json.Marshal(s)
	if err == nil && len(text) > limit {
		err = fmt.Errorf("emulator: the state is %d bytes as a snapshot, and %d can be restored: delete identities, or reset, first", len(text), limit)
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}

// snapshot reads the state. e.exchange is held.
func (e *Emulator) snapshot() (snapshot, error) {
	s := snapshot{
		Kind: snapshotKind, Version: snapshotVersion, Taken: time.Now().UTC(), Base: e.entra.Base(),
		Clock: e.clock.shift().String(), Faults: e.faults.rules.all(),
		Behaviour: e.acsState(),
	}
	for _, part := range []struct {
		into *json.RawMessage
		read func() ([]byte, error)
	}{{&s.Entra, e.entra.Snapshot}, {&s.Graph, e.graph.Snapshot}, {&s.ACS, e.acs.Snapshot}} {
		text, err := part.read()
		if err != nil {
			return snapshot{}, fmt.Errorf("emulator: %w", err)
		}
		*part.into = text
	}
	return s, nil
}

// Restore replaces the state by that of a snapshot. It changes nothing when it fails: on what is not a snapshot of this
// version, or is out of bounds. Rehearsals that are under way end without being undone.
func (e *Emulator) Restore(text []byte) error {
	in, err := readSnapshot(text)
	if err != nil {
		return fmt.Errorf("emulator: restore: %w", err)
	}
	e.rehearsals.mu.Lock() // before e.exchange, as in Reset
	defer e.rehearsals.mu.Unlock()
	e.exchange.Lock()
	defer e.exchange.Unlock()
	before, err := e.snapshot()
	if err != nil {
		return err
	}
	if err := e.put(in); err != nil {
		return errors.Join(fmt.Errorf("emulator: restore: %w", err), e.put(before))
	}
	e.rehearsals.runs = nil
	return nil
}

func readSnapshot(text []byte) (snapshot, error) {
	var in snapshot
	if len(text) > maxSnapshot {
		return in, fmt.Errorf("the snapshot is larger than %d bytes", maxSnapshot)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, errors.New("this is no snapshot of the emulator") // err would repeat a part of it
	}
	if dec.More() || in.Kind != snapshotKind {
		return in, errors.New("this is no snapshot of the emulator")
	}
	if in.Version != snapshotVersion {
		return in, fmt.Errorf("the snapshot is of version %d, and this emulator reads version %d", in.Version, snapshotVersion)
	}
	return in, nil
}

// put makes a snapshot the state, part after part. e.exchange is held.
func (e *Emulator) put(s snapshot) error {
	offset, err := time.ParseDuration(s.Clock)
	if err != nil {
		return errors.New("the clock of the snapshot is not a duration")
	}
	b, err := s.Behaviour.behaviour()
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return e.clock.set(offset) },
		func() error { return e.entra.Restore(s.Entra) },
		func() error { return e.graph.Restore(s.Graph) },
		func() error { return e.acs.Restore(s.ACS) },
		func() error { return e.SetACS(b) },
		func() error { return e.faults.rules.replace(s.Faults) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// adminSnapshot answers without indentation: a snapshot must not be larger than it can be to be restored.
func (e *Emulator) adminSnapshot(*http.Request) (any, error) {
	text, err := e.Snapshot()
	if err != nil {
		return nil, refuse(http.StatusConflict, "%v", err)
	}
	return encoded(text), nil
}

func (e *Emulator) adminRestore(r *http.Request) (any, error) {
	var text json.RawMessage
	if err := decodeOne(r.Body, &text); err != nil {
		return nil, err
	}
	if err := e.Restore(text); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return map[string]string{"status": "ok"}, nil
}
