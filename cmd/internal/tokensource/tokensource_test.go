package tokensource

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	t.Setenv("ACSAUTH_STORE_SECRET", "hunter2")
	for line, want := range map[string]string{
		"echo a.b.c":                        "a.b.c",
		"  echo   a.b.c $HOME ; `id` ":      "a.b.c $HOME ; `id`", // no shell
		"":                                  "error: names no program",
		"true":                              "error: true prints nothing",
		"false":                             "error: false ended with exit code 1",
		"/no/such/program x":                "error: /no/such/program cannot be run: fork/exec /no/such/program: no such file or directory",
		"head -c 20000 /dev/zero":           "error: head prints more than a token",
		"printenv ACSAUTH_STORE_SECRET":     "error: printenv ended with exit code 1",
		"ls --secret-option-of-the-command": "error: ls ended with exit code 2",
	} {
		got, err := Command(t.Context(), line)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%q: %.100q", line, got)
		}
	}
}

// A program that hangs is ended with the context.
func TestCommandEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Command(ctx, "sleep 600"); err == nil || !strings.Contains(err.Error(), "did not end") {
		t.Error(err)
	}
}

func TestFile(t *testing.T) {
	for text, want := range map[string]string{" a.b.c\n": "a.b.c", "": "error: is empty", strings.Repeat("a", maxText+1): "error: is longer than a token can be"} {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := File(path)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%.20q: %q", text, got)
		}
	}
	if _, err := File(filepath.Join(t.TempDir(), "no")); err == nil {
		t.Error("a file that is not there is read")
	}
}
