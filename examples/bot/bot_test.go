package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/emulator"
)

func newClient(t *testing.T, e *emulator.Emulator) *acsidentity.Client {
	t.Helper()
	c, err := acsidentity.NewClientFromConnectionString(e.ConnectionString(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// One identity for all runs, and a token for it.
func TestBot(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	path := filepath.Join(t.TempDir(), "identity")
	first, err := Identity(t.Context(), newClient(t, e), path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Identity(t.Context(), newClient(t, e), path)
	if err != nil || again != first {
		t.Errorf("then %s, %v, want %s", again, err, first)
	}
	if token, err := Token(t.Context(), newClient(t, e), first); err != nil || token.Token == "" {
		t.Errorf("token: %v", err)
	}
	if n := len(e.Identities()); n != 1 {
		t.Errorf("%d identities at ACS", n)
	}
}

// What cannot be kept is not left behind, and what is no identity is not replaced by one.
func TestBotKeepsNothingItCannotFind(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	if id, err := Identity(t.Context(), newClient(t, e), filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Errorf("%s", id)
	}
	broken := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(broken, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if id, err := Identity(t.Context(), newClient(t, e), broken); err == nil {
		t.Errorf("%s", id)
	}
	if all := e.Identities(); len(all) != 1 || !all[0].Deleted {
		t.Errorf("left at ACS: %d identities, or one that is not deleted", len(all))
	}
}
