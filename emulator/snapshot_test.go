package emulator

import (
	"strings"
	"testing"
)

// A state that could not be restored gives no snapshot.
func TestSnapshotOfTooMuch(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.encode(maxSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.encode(len(text)); err != nil {
		t.Error(err)
	}
	if _, err := s.encode(len(text) - 1); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Errorf("%v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}
