package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/torture"
)

// A world is an emulator in this process, so that tests can make it misbehave, a
// store, and users, with a ledger of what they were shown.
type world struct {
	emu    *emulator.Emulator
	env    map[string]string // of the service
	place  place
	tokens []string
	ledger *torture.Ledger

	mu      sync.Mutex
	longest time.Duration // that a user waited
}

// newWorld has a new database in the place and no service yet.
func newWorld(t *testing.T, kind placeKind, users int) *world {
	t.Helper()
	w := &world{emu: emulator.Start(t, emulator.Options{ListenAdmin: "none"}), place: kind(t), ledger: torture.NewLedger()}
	w.env = map[string]string{
		"ACSAUTH_LISTEN": "127.0.0.1:0", "ACSAUTH_METRICS_LISTEN": "127.0.0.1:0", "ACSAUTH_LOG_LEVEL": "warn",
		"ACSAUTH_AUTHORITY_HOST": w.emu.URL(), "ACSAUTH_TENANT_IDS": emulator.TenantID, "ACSAUTH_CLIENT_ID": emulator.APIClientID,
		"ACSAUTH_ALLOWED_CLIENTS": emulator.SPAClientID, "ACSAUTH_ACS_CONNECTION_STRING": w.emu.ConnectionString(),
		"ACSAUTH_ACS_RESOURCE": emulator.ResourceID,
	}
	maps.Copy(w.env, w.place.env)
	if !strings.HasPrefix(w.env["ACSAUTH_STORE"], "sqlite:") {
		w.env["ACSAUTH_MAPPING_CACHE"] = "off" // the ledger is strict: what another replica hears of a millisecond later is wrong; see TestCachesOfReplicas
	}
	for i := range users {
		token, err := w.emu.MintToken(emulator.TokenRequest{User: fmt.Sprintf("user-%d", i+1), ExpiresIn: 4 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		w.tokens = append(w.tokens, token)
	}
	return w
}

// serve starts a replica.
func (w *world) serve(t *testing.T) *process {
	t.Helper()
	return start(t, w.env, "serve", "--json")
}

// each does f for every user, for 50 at once: a store that is overrun loses messages of its own, which nobody counts.
func (w *world) each(f func(u int)) {
	room := make(chan struct{}, 50)
	var wg sync.WaitGroup
	for u := range w.tokens {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			f(u)
		})
	}
	wg.Wait()
}

// patience is how long a client repeats a call before it counts as not served.
const patience = 2 * time.Minute

// ask repeats a call at a replica as a client would, until it is answered with
// status 200, 201 or 204. "" and an entry in the ledger: it never was.
func (w *world) ask(server *process, u int, method, path string) (id string) {
	return w.askFor(server, u, method, path, patience)
}

func (w *world) askFor(server *process, u int, method, path string, limit time.Duration) (id string) {
	began := time.Now()
	defer func() { w.waited(time.Since(began)) }()
	last := ""
	for time.Since(began) < limit {
		id, status, code, err := w.once(server, u, method, path)
		if err == nil && status < 300 && status != 202 {
			return id
		}
		last = fmt.Sprintf("status %d, code %q, %v", status, code, err)
		time.Sleep(250 * time.Millisecond)
	}
	w.ledger.Violate("user %d was not served within %v: %s %s: %s", u, limit, method, path, last)
	return ""
}

// once sends a call.
func (w *world) once(server *process, u int, method, path string) (id string, status int, code string, err error) {
	var a struct {
		user
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	status, err = call(method, server.Server+path, w.tokens[u], nil, &a)
	if id = a.Identity; id == "" {
		id = a.User.ID
	}
	return id, status, a.Code, err
}

// show has a user ask who he is, and notes the answer.
func (w *world) show(server *process, u int) {
	if id := w.ask(server, u, "POST", "/getUser"); id != "" {
		w.ledger.Shown(u, id)
	}
}

func (w *world) waited(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.longest = max(w.longest, d)
}

// alive lists the identities that exist.
func (w *world) alive() (ids []string) {
	for _, id := range w.emu.Identities() {
		if !id.Deleted {
			ids = append(ids, id.ID)
		}
	}
	return ids
}

// audit reads the store, with no replica left if the store is for one process, and compares.
func (w *world) audit(t *testing.T) torture.Balance {
	t.Helper()
	ids := map[string]bool{}
	for _, id := range w.alive() {
		ids[id] = true
	}
	return w.auditAlive(t, ids)
}

// auditAlive does the same, given what exists.
func (w *world) auditAlive(t *testing.T, ids map[string]bool) torture.Balance {
	t.Helper()
	store, err := w.place.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { mustStop(t, store.Close()) }()
	c, err := readAll(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range c.Rows {
		if row.State != acsauth.Active {
			w.ledger.Violate("a row is still %s", row.State)
		}
	}
	c.Alive = slices.Collect(maps.Keys(ids))
	b := w.ledger.Audit(c)
	if b.Known > 0 || b.Orphans > 0 {
		w.ledger.Violate("%d orphans are still in the journal", b.Orphans)
	}
	for _, v := range w.ledger.Violations() {
		t.Error(v)
	}
	return b
}

// readAll reads rows and journal.
func readAll(ctx context.Context, store acsauth.Store) (c torture.Census, err error) {
	lister, ok := store.(acsauth.Lister)
	if !ok {
		return c, fmt.Errorf("%T cannot list its rows", store)
	}
	for cursor, more := "", true; more; more = cursor != "" {
		var page []acsauth.Mapping
		if page, cursor, err = lister.List(ctx, cursor, 1000); err != nil {
			return c, err
		}
		c.Rows = append(c.Rows, page...)
	}
	for _, kind := range []acsauth.JournalKind{acsauth.Suspect, acsauth.Orphan} {
		const most = 1000
		lines, err := store.Lines(ctx, kind, most)
		if err == nil && len(lines) == most {
			err = fmt.Errorf("the journal has %d lines of kind %s or more, too many to count", most, kind)
		}
		if err != nil {
			return c, err
		}
		c.Lines = append(c.Lines, lines...)
	}
	return c, nil
}
