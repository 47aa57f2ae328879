package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

const (
	slow  = 250 * time.Millisecond // of a read or write: each sign-in waits for some
	stuck = 10 * time.Minute       // the sweeper has had its turn many times
)

// afterOpen are the checks that need an open store.
var afterOpen = []string{"store.write", "store.latency", "store.resource", "store.journal"}

// store looks at the store, or with graph at the one of its journal.
func (e *exam) store(ctx context.Context) {
	if e.wrong("ACSAUTH_STORE", "ACSAUTH_GRAPH_JOURNAL", "ACSAUTH_REHOME", "ACSAUTH_COSMOS") {
		e.skipAll("the settings of the store have faults", append([]string{"store.open"}, afterOpen...)...)
		return
	}
	spec, name, err := stores.FromConfig(e.cfg, e.AllowLoopback, quiet()).Place()
	if err != nil {
		e.skipAll("the name of the store is not understood", append([]string{"store.open"}, afterOpen...)...)
		return
	}
	switch name.Kind {
	case config.SQLite:
		if !e.sqliteFolder(spec.Files()[0]) {
			return
		}
	case config.Postgres:
		if !e.postgres(ctx, spec, name) {
			return
		}
	}
	e.opened(ctx, spec, name)
}

func (e *exam) skipAll(why string, ids ...string) {
	for _, id := range ids {
		e.skip(id, "", why)
	}
}

// opened opens the store as the service does, and uses it.
func (e *exam) opened(ctx context.Context, spec stores.Spec, name config.StoreName) {
	opening, cancel := e.bounded(ctx)
	defer cancel()
	store, err := stores.Open(opening, spec)
	switch {
	case errors.Is(err, sqlite.ErrInUse):
		e.ok("store.open", "", "in use by another process, such as a running service")
		e.skipAll("another process has it; stop that to look inside", afterOpen...)
		return
	case err != nil:
		seen, what := err.Error(), openAdvice(name.Kind)
		if _, ok := errors.AsType[*net.OpError](err); ok {
			seen, what = unreached(err, "ACSAUTH_STORE")
		}
		e.bad("store.open", "", Fault, seen, what)
		e.skipAll("the store is not open", afterOpen...)
		return
	}
	defer store.Close()
	e.ok("store.open", "", string(name.Kind)+" is opened")
	if e.writes(ctx, store, name.Kind) {
		e.resource(ctx, store)
		e.journal(ctx, store)
	}
}

func openAdvice(kind string) advice {
	switch kind {
	case config.Tables:
		return advice{"see that the account is right, its firewall lets this machine in, and the identity has the role Storage Table Data Contributor",
			"ACSAUTH_STORE, ACSAUTH_STORE_SECRET; az role assignment create --role \"Storage Table Data Contributor\" --assignee OBJECT_ID --scope ACCOUNT_ID"}
	case config.Cosmos:
		return advice{"see that the account is right, its firewall lets this machine in, and the identity has the role Cosmos DB Built-in Data Contributor",
			"ACSAUTH_STORE, ACSAUTH_STORE_SECRET; az cosmosdb sql role assignment create"}
	case config.SQLite:
		return advice{"the file must be on a local disk, belong to this service alone, and be writable", "ACSAUTH_STORE"}
	}
	return advice{"see what the database says", "ACSAUTH_STORE"}
}

// writes takes a lock of its own name in the store, which is a write that changes no mapping, and measures it.
func (e *exam) writes(ctx context.Context, store acsauth.Store, kind string) bool {
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	began := time.Now()
	_, err := store.Lock(ctx, "doctor", rand.Text(), time.Second)
	wrote := time.Since(began)
	if err != nil {
		e.bad("store.write", "", Fault, err.Error(), openAdvice(kind))
		e.skipAll("the store takes no writes", afterOpen[1:]...)
		return false
	}
	e.ok("store.write", "", "a lock named doctor was written")
	began = time.Now()
	_, err = store.Get(ctx, acsauth.UserKey{Issuer: "urn:acsauth:doctor", Subject: "nobody"})
	read := time.Since(began)
	if err != nil && !errors.Is(err, acsauth.ErrNotFound) {
		e.bad("store.latency", "", Fault, err.Error(), openAdvice(kind))
		return true
	}
	seen := fmt.Sprintf("write %v, read %v", wrote.Round(100*time.Microsecond), read.Round(100*time.Microsecond))
	e.judge("store.latency", "", wrote < slow && read < slow, seen, seen+": each sign-in waits for several", advice{"put store and service into one region", "ACSAUTH_STORE"})
	return true
}

// resource compares the first rows with the ACS resource of the settings.
func (e *exam) resource(ctx context.Context, store acsauth.Store) {
	lister, ok := store.(acsauth.Lister)
	if !ok || e.wrong("ACSAUTH_ACS_") {
		e.skip("store.resource", "", "this store cannot list, or the settings of ACS have faults")
		return
	}
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	rows, _, err := lister.List(ctx, "", 1000)
	if err != nil {
		e.bad("store.resource", "", Fault, err.Error(), openAdvice(e.cfg.StoreKind()))
		return
	}
	want, others, other := e.cfg.Resource(), 0, ""
	for _, r := range rows {
		if r.Resource != want {
			others, other = others+1, r.Resource
		}
	}
	switch seen := fmt.Sprintf("%d of the first %d mappings are of the ACS resource %q, and the settings say %q", others, len(rows), other, want); {
	case others == 0:
		e.ok("store.resource", "", fmt.Sprintf("the first %d mappings are of %s", len(rows), want))
	case e.cfg.Rehome == config.Recreate:
		e.bad("store.resource", "", Warning, seen+"; those users get new identities", advice{"if that is not meant, set the resource back", "ACSAUTH_REHOME, ACSAUTH_ACS_RESOURCE"})
	default:
		e.bad("store.resource", "", Fault, seen+"; those users are refused (identity_of_another_resource)",
			advice{"set the endpoint or the label of before; or let new identities be made: ACSAUTH_REHOME=recreate", "ACSAUTH_ACS_RESOURCE; docs/moving.md"})
	}
}

// journal looks for what should have been cleared away.
func (e *exam) journal(ctx context.Context, store acsauth.Store) {
	ctx, cancel := e.bounded(ctx)
	defer cancel()
	n, err := store.Counts(ctx)
	if err != nil {
		e.bad("store.journal", "", Fault, err.Error(), openAdvice(e.cfg.StoreKind()))
		return
	}
	late, err := e.late(ctx, store)
	if err != nil {
		e.bad("store.journal", "", Fault, err.Error(), openAdvice(e.cfg.StoreKind()))
		return
	}
	seen := fmt.Sprintf("%d unfinished creations, %d unfinished deletions, %d orphans, %d suspects", n.Pending, n.Deleting, n.Orphans, n.Suspects)
	switch {
	case late:
		e.bad("store.journal", "", Warning, seen+", some for more than ten minutes",
			advice{"start the service, which clears them away; if it runs, its log says why ACS refuses", "the log of the service; acsauth_store_journal_lines in the metrics"})
	case n.Suspects > 0:
		e.bad("store.journal", "", Warning, seen+": each suspect is a creation without an answer, which may have left an identity that nobody knows",
			advice{"nothing has to be done; with ACSAUTH_ACS_CUSTOM_IDS the service finds and deletes what they left", "docs/identity-protocol.md"})
	default:
		e.ok("store.journal", "", seen)
	}
}

// late reports whether the sweeper has left something.
func (e *exam) late(ctx context.Context, store acsauth.Store) (bool, error) {
	for _, state := range []acsauth.State{acsauth.Pending, acsauth.Deleting} {
		rows, err := store.Unfinished(ctx, state, stuck, 1)
		if err != nil || len(rows) > 0 {
			return len(rows) > 0, err
		}
	}
	lines, err := store.Lines(ctx, acsauth.Orphan, 1)
	return len(lines) > 0 && time.Since(lines[0].Since) > stuck, err
}
