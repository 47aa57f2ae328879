package moving

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	checkpointFormat  = "acsauth-checkpoint"
	checkpointVersion = 1
	maxCheckpoint     = 64 << 10 // bytes of a file
)

// ErrOtherPair is wrapped by the error of a run whose checkpoint was made by a
// run between other places.
var ErrOtherPair = errors.New("it was made by a run between other stores; name another file with --checkpoint, or delete this one")

// A checkpoint says how far a run has surely come.
type checkpoint struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Pair    string `json:"pair"` // of Pair
	Cursor  string `json:"cursor"`
	Rows    bool   `json:"rows"` // all rows are done
	Tally   Tally  `json:"tally"`
	Bytes   int64  `json:"bytes,omitempty"` // of an export: what the file holds
}

// Pair names two places without showing them. A checkpoint is good for one pair only.
func Pair(source, target string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s %d %s", len(source), source, len(target), target)
	return hex.EncodeToString(h.Sum(nil))
}

// loadCheckpoint reads the checkpoint at path; without a file it is a new one.
func loadCheckpoint(path, pair string) (checkpoint, bool, error) {
	fresh := checkpoint{Format: checkpointFormat, Version: checkpointVersion, Pair: pair}
	f, err := os.Open(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return fresh, false, nil
	}
	if err != nil {
		return fresh, false, fmt.Errorf("the checkpoint: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCheckpoint))
	if err != nil {
		return fresh, false, fmt.Errorf("the checkpoint: %w", err)
	}
	var c checkpoint
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	switch err := dec.Decode(&c); {
	case err != nil || c.Format != checkpointFormat:
		return fresh, false, fmt.Errorf("%s is not a checkpoint of acsauth; name another file with --checkpoint", path)
	case c.Version != checkpointVersion:
		return fresh, false, fmt.Errorf("the checkpoint %s has version %d and this program knows version %d", path, c.Version, checkpointVersion)
	case c.Pair != pair:
		return fresh, false, fmt.Errorf("the checkpoint %s: %w", path, ErrOtherPair)
	}
	return c, true, nil
}

// save writes the checkpoint in one step: a reader sees the old one or the new one.
func (c checkpoint) save(path string) error {
	if path == "" {
		return nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the checkpoint: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return fmt.Errorf("cannot write the checkpoint: %w", err)
	}
	return nil
}

// dropCheckpoint removes the file of a run that is complete.
func dropCheckpoint(path string) error {
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove the checkpoint: %w", err)
	}
	return nil
}

// syncDir makes the name of a new file durable. Windows needs no such thing.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
