package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
)

// postgres looks at the database before the service's own way of opening it, which would migrate, and reports whether that may follow.
func (e *exam) postgres(ctx context.Context, spec stores.Spec, name config.StoreName) bool {
	ids := []string{"store.schema", "store.rights", "store.tls", "store.connections", "store.notify", "store.clock"}
	looking, cancel := e.bounded(ctx)
	defer cancel()
	f, err := spec.ExaminePostgres(looking, name)
	if err != nil {
		seen, what := databaseRefusal(err)
		e.bad("store.open", "", Fault, seen, what)
		e.skipAll("the database is not open", append(ids, afterOpen...)...)
		return false
	}
	return e.facts(f)
}

// facts judges what was seen, and reports whether the store may be opened.
func (e *exam) facts(f postgres.Facts) bool {
	e.tls(f)
	e.connections(f)
	e.skew("store.clock", "", f.Skew)
	if f.Hears != nil {
		e.bad("store.notify", "", Fault, f.Hears.Error()+"; a pooler that gives sessions away after each transaction does that, and replicas would use stale mappings",
			advice{"connect to the server directly (on Azure: port 5432)", "ACSAUTH_STORE"})
		e.skipAll("sessions are given away", append([]string{"store.open", "store.schema", "store.rights"}, afterOpen...)...)
		return false
	}
	e.ok("store.notify", "", "a notification came from one session to another")
	return e.schema(f)
}

func (e *exam) tls(f postgres.Facts) {
	switch {
	case f.TLS && f.Verified:
		e.ok("store.tls", "", "on, and the certificate is verified")
	case f.Local:
		e.ok("store.tls", "", "the server is on this machine")
	default:
		e.bad("store.tls", "", Warning, "the certificate of the server is not verified", advice{"leave sslmode out, or set it to verify-full", "ACSAUTH_STORE"})
	}
}

// connections compares what all replicas may open with what the server has.
func (e *exam) connections(f postgres.Facts) {
	need := f.Pool * e.cfg.Replicas
	seen := fmt.Sprintf("%d replicas with up to %d connections each need %d; the server has %d for all programs, and %d are open", e.cfg.Replicas, f.Pool, need, f.MaxConnections, f.Used)
	e.judge("store.connections", "", need <= f.MaxConnections, seen, seen, advice{"raise max_connections of the server, or run fewer replicas",
		"portal: the server, Server parameters; az postgres flexible-server parameter set --name max_connections; ACSAUTH_REPLICAS"})
}

// schema looks at the tables, and reports whether the store may be opened without a migration.
func (e *exam) schema(f postgres.Facts) bool {
	const grants = "in the database: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA acsauth TO the role; docs/identity-storage.md"
	switch {
	case f.Refused != nil:
		e.bad("store.schema", "", Fault, f.Refused.Error(), advice{"run the newer acsauth, or restore the database that this one wrote", "the version of the program; ACSAUTH_STORE"})
		e.skipAll("the tables are for a newer program", append([]string{"store.open", "store.rights"}, afterOpen...)...)
		return false
	case f.Schema == 0 && !f.MayCreate:
		e.bad("store.rights", "", Fault, "there are no tables, and the role may not make them", advice{"let the role make the schema acsauth, once", "in the database: GRANT CREATE ON DATABASE name TO the role"})
		e.skip("store.schema", "", "there are no tables yet")
		e.skipAll("there are no tables yet", append([]string{"store.open"}, afterOpen...)...)
		return false
	case f.Schema == 0:
		e.ok("store.schema", "", "there are no tables yet; the first start makes them")
	case f.Schema < f.Program:
		e.bad("store.schema", "", Warning, fmt.Sprintf("has version %d, and this program has %d: a migration is pending", f.Schema, f.Program),
			advice{"make a backup; the next start migrates, while the version before goes on working", "docs/identity-storage.md"})
	case f.Schema > f.Program:
		e.ok("store.schema", "", fmt.Sprintf("has version %d, newer than this program's %d, which may use it", f.Schema, f.Program))
	default:
		e.ok("store.schema", "", fmt.Sprintf("has version %d, as this program", f.Schema))
	}
	if f.Missing != "" {
		e.bad("store.rights", "", Fault, "the role lacks "+f.Missing, advice{"grant it", grants})
		e.skipAll("the role lacks rights", append([]string{"store.open"}, afterOpen...)...)
		return false
	}
	e.ok("store.rights", "", "the role has all that it needs")
	if f.Schema < f.Program {
		e.ok("store.open", "", "PostgreSQL "+f.Server+" is reached")
		e.skipAll("opening it would change its tables, which is left to the service", afterOpen...)
		return false
	}
	return true
}

// databaseRefusal explains why there is no session. The SQLSTATE decides.
func databaseRefusal(err error) (string, advice) {
	seen := err.Error()
	if _, why, ok := strings.Cut(seen, "ValidateConnect failed: "); ok { // the server is there, and not fit for the store
		return why, advice{"change the server or the name of the store as it says", "ACSAUTH_STORE; the settings of the server or of its pooler"}
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if dns, what := unreached(err, "ACSAUTH_STORE"); !errors.As(err, new(*pgconn.ConnectError)) || what.where == "ACSAUTH_STORE" {
			return dns, what
		}
		return seen, advice{"see what the server says, and what its firewall lets in", "ACSAUTH_STORE; portal: the server, Networking"}
	}
	seen = "SQLSTATE " + pg.Code + ": " + pg.Message
	switch pg.Code {
	case "28P01", "28000":
		return seen, advice{"correct user and password; with a token of Entra ID, make the identity a user of the database; see pg_hba.conf or the firewall for the machine", "ACSAUTH_STORE_SECRET_FILE, ACSAUTH_STORE_CREDENTIAL"}
	case "08P01":
		return seen, advice{"a pooler answers that refuses the settings of the session: connect to the server directly (on Azure: port 5432)", "ACSAUTH_STORE"}
	case "3D000":
		return seen, advice{"make the database, or name another one", "ACSAUTH_STORE"}
	case "53300":
		return seen, advice{"raise max_connections, or close other programs' connections", "portal: the server, Server parameters"}
	case "42501":
		return seen, advice{"grant the role USAGE on schema acsauth and its tables", "in the database"}
	}
	return seen, advice{"see what the server says", "ACSAUTH_STORE"}
}
