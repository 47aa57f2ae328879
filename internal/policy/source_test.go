package policy_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/policy"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A logBuffer is written to by Run and read by the test.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// take returns what was written since the last take.
func (l *logBuffer) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.buf.Reset()
	return l.buf.String()
}

func TestReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.json")
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		write(t, path, one(``, allowAll))
		s, err := policy.Open(path, policy.Default([]acsauth.Scope{"voip"}), policy.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { s.Run(ctx) })
		// look lets the time of two looks pass, and returns the new lines of the log.
		look := func() string {
			time.Sleep(2*policy.DefaultInterval + time.Second)
			synctest.Wait()
			return log.take()
		}
		allowed := func() bool { return s.Decide(user(), policy.GetUser).Allowed }

		first := s.Version()
		if !allowed() || len(first) != 12 || s.Fault() != nil || look() != "" {
			t.Error("an unchanged file is news")
		}
		write(t, path, one(``, denyIt))
		if got := look(); allowed() || !strings.Contains(got, "a new policy is in force") || !strings.Contains(got, "before="+first) || s.Version() == first {
			t.Errorf("after a change: %v %s", allowed(), got)
		}
		second := s.Version()
		if d := s.Decide(user(), policy.GetUser); d.Version != second {
			t.Errorf("%+v", d)
		}
		for _, bad := range []string{"{", one(``, `"allow":{"operations":["x"]}`), ""} {
			write(t, path, bad)
			if got := look(); allowed() || strings.Count(got, "\n") != 1 || !strings.Contains(got, "stays in force") || s.Fault() == nil || s.Version() != second {
				t.Errorf("after a bad file %q: %v %s", bad, allowed(), got)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if got := look(); allowed() || strings.Count(got, "\n") != 1 || s.Fault() == nil {
			t.Errorf("after a removal: %s", got)
		}
		write(t, path, one(``, denyIt))
		if got := look(); !strings.Contains(got, "good again") || s.Fault() != nil || s.Version() != second {
			t.Errorf("after a repair: %s", got)
		}
		write(t, path, one(``, allowAll))
		if got := look(); !allowed() || s.Version() != first {
			t.Errorf("after going back: %s", got)
		}
		write(t, path, file("audit", "", rule("r", ``, denyIt)))
		if look(); fmt.Sprint(s.Decide(user(), policy.GetToken).Scopes) != "[voip]" {
			t.Error("in audit mode, a new file does not leave what there is without a policy")
		}
		stop()
		wg.Wait()
	})
}

// A deployment that turns a link over, as Kubernetes does, is seen: the content counts.
func TestReloadThroughLink(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "policy.json")
	write(t, filepath.Join(dir, "one"), one(``, denyIt))
	write(t, filepath.Join(dir, "two"), one(``, allowAll))
	link := func(to string) {
		if err := os.Symlink(filepath.Join(dir, to), path+"~"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+"~", path); err != nil {
			t.Fatal(err)
		}
	}
	link("one")
	synctest.Test(t, func(t *testing.T) {
		s, err := policy.Open(path, nil, policy.Options{Interval: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { s.Run(ctx) })
		link("two")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if !s.Decide(user(), policy.GetUser).Allowed {
			t.Error("the new file is not in force")
		}
		stop()
		wg.Wait()
	})
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	write(t, bad, file("audit", `"more":1,`, rule("A", ``, denyIt)))
	large := filepath.Join(dir, "large.json")
	write(t, large, strings.Repeat(" ", 1<<20)+one(``, denyIt))
	for _, test := range []struct {
		path string
		want []string
	}{
		{bad, []string{bad + ": more: is not known", bad + ": rules[0].name: "}},
		{large, []string{large + ": file: is larger than 1 MiB"}},
		{filepath.Join(dir, "none.json"), []string{"stat "}},
		{dir, []string{dir + ": is not a file"}},
	} {
		s, err := policy.Open(test.path, policy.Default(nil), policy.Options{})
		faults := policy.Faults(err)
		if s != nil || len(faults) != len(test.want) {
			t.Errorf("%s: %v", test.path, err)
			continue
		}
		for i, f := range faults {
			if !strings.HasPrefix(f.Error(), test.want[i]) {
				t.Errorf("%v, want %s", f, test.want[i])
			}
		}
	}
}

func TestOpenWithoutFile(t *testing.T) {
	s, err := policy.Open("", policy.Default([]acsauth.Scope{"chat"}), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s.Run(ctx)
	if d := s.Decide(user(), policy.GetToken); !d.Allowed || s.Version() != "built-in" || len(d.Scopes) != 1 {
		t.Errorf("%+v", d)
	}
}

// The fallback of Open is what holds while the file is in audit mode.
func TestOpenInAuditMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.json")
	write(t, path, file("audit", "", rule("r", ``, denyIt)))
	s, err := policy.Open(path, policy.Default([]acsauth.Scope{"voip"}), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := s.Decide(user(), policy.GetToken); !d.Allowed || !d.Noted || fmt.Sprint(d.Scopes) != "[voip]" || s.Policy().Mode() != policy.Audit {
		t.Errorf("%+v", d)
	}
}
