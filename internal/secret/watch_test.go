package secret

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/config"
)

const (
	first  = "ACSAUTH_ACS_CONNECTION_STRING"
	second = "ACSAUTH_STORE_SECRET"
)

// A bench is a Watcher whose secrets, log and applied changes a test sees. It runs in a synctest bubble.
type bench struct {
	t       *testing.T
	w       *Watcher
	log     strings.Builder
	applied []string
	events  []string
	refuse  map[string]error // by value
	fetched int
	vault   func() (string, error)
}

func newBench(t *testing.T, sources ...config.SecretSource) *bench {
	b := &bench{t: t, refuse: map[string]error{}}
	b.w = &Watcher{
		Sources: sources, Interval: time.Minute, Log: slog.New(slog.NewTextHandler(&b.log, nil)),
		Current: map[string]config.Secret{first: config.NewSecret("one"), second: config.NewSecret("eins")},
		Fetch:   func(context.Context, config.Reference) (string, error) { b.fetched++; return b.vault() },
		Observe: func(e string) { b.events = append(b.events, e) },
		Apply: func(changed map[string]config.Secret) map[string]error {
			out := map[string]error{}
			for _, name := range slices.Sorted(maps.Keys(changed)) {
				value := changed[name].Reveal()
				if out[name] = b.refuse[value]; out[name] == nil {
					b.applied = append(b.applied, value)
				}
			}
			return out
		},
	}
	return b
}

// run starts to watch.
func (b *bench) run() { b.w.begin(time.Now()) }

// wait lets so many minutes pass, with a round at the end of each, as Run does.
func (b *bench) wait(d time.Duration) {
	for range int(d / b.w.Interval) {
		time.Sleep(b.w.Interval)
		b.w.round(b.t.Context())
	}
}

func (b *bench) want(what string, applied ...string) {
	b.t.Helper()
	if !slices.Equal(b.applied, applied) {
		b.t.Errorf("%s: applied %q, want %q\n%s", what, b.applied, applied, &b.log)
	}
}

func (b *bench) warnings() int { return strings.Count(b.log.String(), "level=WARN") }

// put replaces a file at one moment, as a careful operator does.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestWatchFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, config.SecretSource{Name: first, Path: path})
		put(t, path, "one\n")
		b.run()
		b.wait(3 * time.Minute)
		b.want("unchanged")
		put(t, path, "two")
		b.wait(time.Minute)
		b.want("changed", "two")
		b.wait(5 * time.Minute)
		b.want("once", "two")
		put(t, path, "three\n")
		put(t, path, "two\n")
		b.wait(time.Minute)
		b.want("and back in between", "two")
		if !slices.Equal(b.events, []string{EventReplaced}) || strings.Contains(b.log.String(), "two") {
			t.Errorf("events %v, log %s", b.events, &b.log)
		}
	})
}

// A value that cannot be used leaves the one before in use, and is told once, not each minute.
func TestWatchKeeps(t *testing.T) {
	for name, spoil := range map[string]func(b *bench, path string){
		"gone":       func(_ *bench, path string) { _ = os.Remove(path) },
		"empty":      func(b *bench, path string) { put(b.t, path, "") },
		"line only":  func(b *bench, path string) { put(b.t, path, "\n") },
		"a folder":   func(_ *bench, path string) { _ = os.Remove(path); _ = os.Mkdir(path, 0o700) },
		"huge":       func(b *bench, path string) { put(b.t, path, strings.Repeat("x", 64<<10+1)) },
		"unresolved": func(b *bench, path string) { put(b.t, path, "@Microsoft.KeyVault(SecretUri=https://x)") },
		"bad":        func(b *bench, path string) { b.refuse["bad"] = errors.New("has no endpoint"); put(b.t, path, "bad") },
		"restart":    func(b *bench, path string) { b.refuse["later"] = ErrRestart; put(b.t, path, "later") },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret")
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, config.SecretSource{Name: first, Path: path})
				put(t, path, "one")
				b.run()
				spoil(b, path)
				b.wait(10 * time.Minute)
				b.want("spoilt")
				if b.warnings() != 1 || len(b.events) != 1 {
					t.Errorf("%d warnings, events %v, in ten rounds:\n%s", b.warnings(), b.events, &b.log)
				}
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				put(t, path, "two")
				b.wait(time.Minute)
				b.want("mended", "two")
				spoil(b, path)
				b.wait(10 * time.Minute)
				if b.warnings() != 2 {
					t.Errorf("%d warnings for two changes:\n%s", b.warnings(), &b.log)
				}
			})
		})
	}
}

// Two values that are only good together are tried again together: a write of two files is not atomic.
func TestWatchTwo(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, z := filepath.Join(dir, "a"), filepath.Join(dir, "z")
		b := newBench(t, config.SecretSource{Name: first, Path: a}, config.SecretSource{Name: second, Path: z})
		put(t, a, "one")
		put(t, z, "eins")
		b.run()
		b.refuse["two"] = errors.New("does not fit the other")
		put(t, a, "two")
		b.wait(2 * time.Minute)
		b.want("half")
		delete(b.refuse, "two")
		put(t, z, "zwei")
		b.wait(time.Minute)
		b.want("whole", "two", "zwei")
	})
}

// Kubernetes swaps a symbolic link called ..data; the path of the secret itself never changes.
func TestWatchKubernetes(t *testing.T) {
	dir := t.TempDir()
	swap := func(t *testing.T, version, text string) {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version, "key"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(version, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		swap(t, "..2026_01", "one")
		path := filepath.Join(dir, "key")
		if err := os.Symlink(filepath.Join("..data", "key"), path); err != nil {
			t.Fatal(err)
		}
		b := newBench(t, config.SecretSource{Name: first, Path: path})
		b.run()
		b.wait(time.Minute)
		swap(t, "..2026_02", "two")
		if err := os.RemoveAll(filepath.Join(dir, "..2026_01")); err != nil {
			t.Fatal(err)
		}
		b.wait(time.Minute)
		b.want("swapped", "two")
	})
}

func TestWatchVault(t *testing.T) {
	ref := config.Reference{Vault: "https://contoso.vault.azure.net", Name: "key"}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, config.SecretSource{Name: first, Reference: ref, InVault: true})
		value, fail := "one", error(nil)
		b.vault = func() (string, error) { return value, fail }
		b.run()
		b.wait(4 * time.Minute)
		if b.fetched != 0 {
			t.Errorf("%d fetches in the first four minutes", b.fetched)
		}
		value = "two"
		b.wait(time.Minute)
		b.want("changed", "two")
		b.wait(time.Hour)
		if b.fetched < 12 || b.fetched > 13 {
			t.Errorf("%d fetches in 65 minutes, want one in 5 minutes", b.fetched)
		}
		fail = errors.New("the vault is asked too often (429)")
		b.wait(time.Hour)
		b.want("throttled", "two")
		if b.warnings() != 1 {
			t.Errorf("%d warnings in an hour of the same fault:\n%s", b.warnings(), &b.log)
		}
		fail, value = nil, "keyvault:https://contoso.vault.azure.net/secrets/loop"
		b.wait(time.Hour)
		b.want("a reference in the vault", "two")
		value = "three"
		b.wait(10 * time.Minute)
		b.want("well again", "two", "three")
		if strings.Contains(b.log.String(), "three") || b.warnings() != 2 {
			t.Errorf("%d warnings, or a value, in:\n%s", b.warnings(), &b.log)
		}
	})
}

// A reference to one version is fetched once; a file may come to name another.
func TestWatchReferenceInFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	synctest.Test(t, func(t *testing.T) {
		at := func(version int) string {
			return fmt.Sprintf("keyvault:https://contoso.vault.azure.net/secrets/key/%032d", version)
		}
		b := newBench(t, config.SecretSource{Name: first, Path: path, InVault: true,
			Reference: config.Reference{Vault: "https://contoso.vault.azure.net", Name: "key", Version: fmt.Sprintf("%032d", 1)}})
		b.vault = func() (string, error) { return "two", nil }
		put(t, path, at(1))
		b.run()
		b.wait(time.Hour)
		b.want("the same version")
		if b.fetched != 0 {
			t.Errorf("%d fetches of a version, which cannot change", b.fetched)
		}
		put(t, path, at(2))
		b.wait(time.Minute)
		b.want("another version", "two")
		b.wait(time.Hour)
		put(t, path, "plain")
		b.wait(time.Minute)
		b.want("no reference any more", "two", "plain")
		if b.fetched != 1 {
			t.Errorf("%d fetches", b.fetched)
		}
	})
}

// Run makes a round after each interval until it is told to end.
func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	put(t, path, "two")
	synctest.Test(t, func(t *testing.T) {
		applied := make(chan time.Time)
		w := newBench(t, config.SecretSource{Name: first, Path: path}).w
		w.Apply = func(map[string]config.Secret) map[string]error {
			applied <- time.Now()
			return map[string]error{first: ErrRestart}
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Run(ctx) }()
		start := time.Now()
		for n := range 3 {
			if at := <-applied; at.Sub(start) != time.Duration(n+1)*time.Minute {
				t.Errorf("round %d after %v", n+1, at.Sub(start))
			}
		}
		stop()
		<-done
	})
}

func TestWatchNothing(t *testing.T) {
	(&Watcher{Interval: time.Minute}).Run(t.Context())
	(&Watcher{Sources: make([]config.SecretSource, 1)}).Run(t.Context()) // off; both return at once
}
