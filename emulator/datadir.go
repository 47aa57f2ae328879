package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// openDataDir makes the folder of the options, if there is one, and keeps other emulators away from it: two would write over
// each other's files. The lock ends with the process.
func openDataDir(dir string) (*flock.Flock, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("emulator: this user has to be able to write to the folder: %w", err)
	}
	if !got {
		return nil, fmt.Errorf("emulator: another emulator uses the folder %s; stop it, or give this one another folder", dir)
	}
	return lock, nil
}

// unlock lets other emulators use the folder.
func (e *Emulator) unlock() error {
	if e.lock == nil {
		return nil
	}
	return e.lock.Unlock()
}

// lockFile is an empty file in the folder that is locked while an emulator uses it.
const lockFile = "lock"

// stateFile holds the kept state beside the ACS identities, which have a journal of their own.
const stateFile = "state.json"

// kept is what a state file holds: signing keys, what was added to the directory, sessions, refresh tokens and extensions.
type kept struct {
	Kind    string          `json:"kind"`
	Version int             `json:"version"`
	Entra   json.RawMessage `json:"entra"`
	Graph   json.RawMessage `json:"graph"`
}

// loadState reads the state file, or writes the first one, so that signing keys outlive a crash.
func (e *Emulator) loadState() error {
	if e.options.DataDir == "" {
		return nil
	}
	path := filepath.Join(e.options.DataDir, stateFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return e.saveState()
	}
	if err != nil {
		return fmt.Errorf("emulator: read state: %w", err)
	}
	var in kept
	err = json.Unmarshal(text, &in)
	if err == nil && (in.Kind != snapshotKind || in.Version != snapshotVersion) {
		err = errors.New("it is of another version")
	}
	if err == nil {
		err = e.entra.Restore(in.Entra)
	}
	if err == nil {
		err = e.graph.Restore(in.Graph)
	}
	if err != nil {
		return fmt.Errorf("emulator: %s cannot be used, remove it to start anew: %w", path, err)
	}
	return nil
}

// saveState writes the state file, if there is a folder for it. Behaviour and obstacles are not kept.
func (e *Emulator) saveState() error {
	if e.options.DataDir == "" {
		return nil
	}
	e.exchange.Lock()
	defer e.exchange.Unlock()
	out := kept{Kind: snapshotKind, Version: snapshotVersion}
	var err error
	if out.Entra, err = e.entra.Snapshot(); err == nil {
		out.Graph, err = e.graph.Snapshot()
	}
	var text []byte
	if err == nil {
		text, err = json.Marshal(out)
	}
	if err == nil {
		err = writePrivate(filepath.Join(e.options.DataDir, stateFile), text)
	}
	if err != nil {
		return fmt.Errorf("emulator: keep state: %w", err)
	}
	return nil
}

// writePrivate replaces a file by one that only its owner can read: the old one stays until the new one is complete.
func writePrivate(path string, text []byte) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// certificateHosts are the names beside localhost that the TLS listener goes by.
func (o Options) certificateHosts() []string {
	var hosts []string
	if u, err := url.Parse(o.PublicURL); err == nil && u.Hostname() != "" && !loopbackHost(u.Hostname()) {
		hosts = append(hosts, u.Hostname())
	}
	host, _, err := net.SplitHostPort(o.ListenTLS)
	if ip := net.ParseIP(host); err == nil && ip != nil && !ip.IsUnspecified() && !ip.IsLoopback() {
		hosts = append(hosts, host)
	}
	return hosts
}
