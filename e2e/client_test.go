package e2e

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	acs "github.com/acs-solutions/acsauth/client"
)

// A day is a signed-in user of the package client against the real service, whose clock is moved.
type day struct {
	t      *testing.T
	p      *process
	offset time.Duration
	asked  int
}

func (d *day) now() time.Time { return time.Now().Add(d.offset) }

func (d *day) pass(by time.Duration) {
	d.t.Helper()
	d.offset += by
	res, err := http.Post(d.p.Admin+"/clock", "application/json", strings.NewReader(`{"advance":"`+by.String()+`"}`))
	if err != nil || res.StatusCode != http.StatusOK {
		d.t.Fatal(res, err)
	}
	res.Body.Close()
}

func (d *day) source(ctx context.Context, r acs.Request) (string, error) {
	d.asked++
	args := []string{"token", "--user", "alice", "--authority", d.p.Authority}
	if r.Teams {
		args = append(args, "--teams")
	}
	out, err := exec.CommandContext(ctx, devBinary, args...).Output()
	return strings.TrimSpace(string(out)), err
}

// TestGoClientOverADay: the package client keeps a user's and a Teams user's token fresh for 26 hours.
func TestGoClientOverADay(t *testing.T) {
	t.Parallel()
	d := &day{t: t, p: start(t, map[string]string{"ACSAUTH_LIMIT_USER": "off"}, "--json", "--listen", "127.0.0.1:0")}
	c, err := acs.New(d.p.Server, d.source, &acs.Options{Now: d.now})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	user, err := c.User(ctx)
	if err != nil {
		t.Fatal(err)
	}
	least, given, seen := time.Hour, 0, map[string]bool{}
	for range 26 * 12 {
		for _, get := range []func(context.Context) (acs.Token, error){c.Token, c.TeamsToken} {
			token, err := get(ctx)
			if err != nil {
				t.Fatal(err)
			}
			least, given, seen[token.Token] = min(least, token.ExpiresOn.Sub(d.now())), given+1, true
		}
		d.pass(5 * time.Minute)
	}
	t.Logf("%d tokens handed out, %d different ones, %d access tokens asked for, the least life left %v", given, len(seen), d.asked, least.Round(time.Second))
	if least < 10*time.Minute || len(seen) < 45 || len(seen) > 75 {
		t.Errorf("%d tokens, the least life left %v", len(seen), least)
	}
	if token, err := c.Token(ctx); err != nil || token.User.ID != user.ID {
		t.Errorf("%v %v, want %v", token.User, err, user)
	}
	if export, err := c.Export(ctx); err != nil || !strings.Contains(string(export), user.ID) {
		t.Errorf("%s %v", export, err)
	}
	if err := c.Revoke(ctx); err != nil {
		t.Error(err)
	}
	if done, err := c.Delete(ctx); err != nil || !done {
		t.Errorf("%v %v", done, err)
	}
	if again, err := c.User(ctx); err != nil || again.ID == user.ID {
		t.Errorf("%v %v", again, err)
	}
}

func TestGoClientIsToldWhy(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "--json", "--listen", "127.0.0.1:0")
	c, err := acs.New(p.Server, func(context.Context, acs.Request) (string, error) { return "not.a.token", nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Token(t.Context())
	if e, ok := errors.AsType[*acs.Error](err); !ok || e.Code != "token_invalid" || e.Status != 401 || !strings.Contains(e.Hint, "MSAL") || e.RequestID == "" || e.Expected == "" {
		t.Errorf("%v", err)
	}
}

// The page shows the example as it is.
func TestGoClientPage(t *testing.T) {
	page, err := os.ReadFile("../docs/go-client.md")
	example, eerr := os.ReadFile("../client/example_test.go")
	_, code, found := strings.Cut(string(page), "```go\n")
	code, _, _ = strings.Cut(code, "```")
	if err != nil || eerr != nil || !found || !strings.Contains(string(example), code) {
		t.Errorf("docs/go-client.md does not show the example of package client as it is (%v %v)", err, eerr)
	}
}
