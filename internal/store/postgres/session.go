package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// entraScope is what a token for Azure Database for PostgreSQL is for.
const entraScope = "https://ossrdbms-aad.database.windows.net/.default"

// tokenTimeout is how long a token may take.
const tokenTimeout = 10 * time.Second

// mark is a setting of our own. A pooler that drops settings drops it as well.
const mark = "acsauth.session"

// prepareSession makes every session of cfg keep what the package promises,
// whatever the DSN, the role or the database says. (The server looks at "options" first.)
func prepareSession(cfg *pgx.ConnConfig) {
	params := cfg.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = "acsauth"
	}
	if params["synchronous_commit"] != "remote_apply" { // more than on, so it may stay
		params["synchronous_commit"] = "on"
	}
	for name, value := range map[string]string{
		mark:                                  "1",
		"default_transaction_isolation":       "read committed",
		"default_transaction_deferrable":      "off",
		"statement_timeout":                   "10s",
		"lock_timeout":                        "5s",
		"idle_in_transaction_session_timeout": "10s",
		"search_path":                         "pg_catalog", // nobody can put a function before ours
		"jit":                                 "off",        // compiling costs more than the largest query
	} {
		params[name] = value
	}
	cfg.ValidateConnect = validateSession
	cfg.OnNotice = noteWarning
}

const sessionQuery = `SELECT pg_is_in_recovery(), current_setting('transaction_read_only'), current_setting('synchronous_commit'),
	coalesce(current_setting('` + mark + `', true), '')`

// The reasons to refuse a session.
var (
	errStandby  = errors.New("it is a standby; name the primary, or all hosts, in the DSN")
	errReadOnly = errors.New("its sessions are read-only; unset default_transaction_read_only for the role and the database, or name the primary in the DSN")
	errPooler   = errors.New("a pooler drops the settings of the session; connect to the server directly (on Azure: port 5432)")
)

// validateSession refuses a server that cannot keep the promises. With several
// hosts the next one is tried.
func validateSession(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, sessionQuery).ReadAll()
	if err != nil {
		return fmt.Errorf("cannot read the settings of the session: %w", err)
	}
	row := results[0].Rows[0]
	switch recovery, readOnly, commit, marked := string(row[0]), string(row[1]), string(row[2]), string(row[3]); {
	case recovery != "f":
		return errStandby
	case readOnly != "off":
		return errReadOnly
	case marked != "1":
		return errPooler
	case commit != "on" && commit != "remote_apply":
		return fmt.Errorf("synchronous_commit is %q in spite of our setting; connect to the server directly", commit)
	}
	return nil
}

// withToken returns a hook that puts a fresh token of credential into each new
// connection. The credential keeps tokens while they are good.
func withToken(credential azcore.TokenCredential) func(context.Context, *pgx.ConnConfig) error {
	return func(ctx context.Context, cfg *pgx.ConnConfig) error {
		ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
		defer cancel()
		token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{entraScope}})
		if err != nil {
			return fmt.Errorf("cannot get a token for %s: %w", entraScope, err)
		}
		if !token.ExpiresOn.IsZero() && !token.ExpiresOn.After(time.Now()) {
			return fmt.Errorf("the credential gave a token for %s that expired at %s; look at the clock of this machine",
				entraScope, token.ExpiresOn.UTC().Format(time.RFC3339))
		}
		cfg.Password = token.Token
		return nil
	}
}

// letFinish keeps a connection from asking the server to cancel a statement, which the
// driver does when the context of a call ends: a write that is cancelled while it waits for a
// synchronous standby stays, is seen by all, and may be lost. So the
// driver gets no connection to ask through once the one of the session is there.
func letFinish(cfg *pgx.ConnConfig) {
	var connected atomic.Bool
	dial, validate := cfg.DialFunc, cfg.ValidateConnect
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if connected.Load() {
			return nil, errors.New("statements are not cancelled")
		}
		return dial(ctx, network, address)
	}
	cfg.ValidateConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		err := validate(ctx, conn)
		connected.Store(err == nil)
		return err
	}
}

// warned is the key under which a connection remembers a warning.
const warned = "acsauth warned"

// noteWarning remembers a warning. Our statements cause none; one that matters says
// that a commit was not waited for: "canceling wait for synchronous replication".
func noteWarning(conn *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		conn.CustomData()[warned] = n.Message
	}
}
