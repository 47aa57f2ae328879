package postgres

import (
	"context"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/jackc/pgx/v5"
)

// TestPlans: calls go by an index and read no table from end to end: with the
// plan for these values, and with the one for any.
func TestPlans(t *testing.T) {
	s, dsn := openNew(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	mustDo(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `INSERT INTO acsauth.mapping SELECT sha256(i::text::bytea), 'i', i::text::bytea,
			CASE WHEN i % 50 = 0 THEN 'pending' ELSE 'active' END, 'a', CASE WHEN i % 50 = 0 THEN '' ELSE i::text::bytea END, 'r', 1, now()
			FROM generate_series(1, 20000) i;
		INSERT INTO acsauth.journal SELECT i::text::bytea, 'a', 'suspect', '', 'r', '', '', now() FROM generate_series(1, 5000) i`)
	mustDo(t, err)
	_, err = conn.Exec(t.Context(), "VACUUM ANALYZE acsauth.mapping, acsauth.journal")
	mustDo(t, err)
	key := make([]byte, keyLen)
	line := []any{key, key, "suspect", key, key, key, key}
	for name, q := range map[string]query{
		"get":        {"mapping_pkey", getRow, []any{key}},
		"find":       {"mapping_identity", findRow, []any{key}},
		"list":       {"mapping_pkey", listRows, []any{key, 10}},
		"unfinished": {"mapping_unfinished", unfinishedRows, []any{"pending", int64(1), 10}},
		"replace":    {"mapping_pkey", replaceBoth, append([]any{key, "pending", key, []byte{}, "active", key, key, key, int64(1), int64(1)}, line...)},
		"remove":     {"mapping_pkey", removeBoth, append([]any{key, "pending", key, []byte{}}, line...)},
		"drop line":  {"journal_pkey", dropLine, []any{key, key}},
		"lines":      {"journal_age", lineRows, []any{"suspect", 10}},
	} {
		_, err := conn.Exec(t.Context(), "DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan; PREPARE any_values AS "+q.sql)
		mustDo(t, err)
		nulls := ""
		if n := len(q.args); n > 0 {
			nulls = "(" + strings.TrimSuffix(strings.Repeat("NULL, ", n), ", ") + ")"
		}
		for _, plan := range []string{explain(t, conn, q.sql, q.args...), explain(t, conn, "EXECUTE any_values"+nulls)} {
			if !strings.Contains(plan, q.verb) || strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s:\n%s", name, plan)
			}
		}
	}
	if c, err := s.Counts(t.Context()); err != nil || c != (acsauth.Counts{Pending: 400, Active: 19600, Suspects: 5000}) {
		t.Errorf("counts: %+v, %v", c, err)
	}
	admin(t, dsn, "UPDATE pg_class SET reltuples = 2000000 WHERE oid = 'acsauth.mapping'::regclass")
	if c, err := s.Counts(t.Context()); err != nil || c != (acsauth.Counts{Pending: 400, Active: acsauth.NotCounted, Suspects: 5000}) {
		t.Errorf("counts of a table said to be large: %+v, %v", c, err)
	}
}

// explain returns the plan of a statement.
func explain(t *testing.T, conn *pgx.Conn, sql string, args ...any) string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "EXPLAIN "+sql, append([]any{pgx.QueryExecModeDescribeExec}, args...)...)
	mustDo(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	mustDo(t, err)
	return strings.Join(lines, "\n")
}
