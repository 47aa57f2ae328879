package postgres

import (
	"context"
	"fmt"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/storetest"
	"github.com/jackc/pgx/v5"
)

// load makes active rows named "0" to n-1 and a hundredth as many pending ones, in the server.
func load(b *testing.B, dsn string, rows int) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), dsn)
	mustDo(b, err)
	defer conn.Close(context.Background())
	const batch = 10000
	for from := 0; from < rows; from += batch {
		var all [][]any
		for i := from; i < min(from+batch, rows); i++ {
			row := activeRow(fmt.Sprint(i))
			all = append(all, []any{rowKey(row.Key), []byte(row.Key.Issuer), []byte(row.Key.Subject), string(row.State), []byte(row.Attempt),
				[]byte(row.Identity), []byte(row.Resource), row.Generation})
			if i%100 == 0 {
				row = pendingRow(fmt.Sprint("pending", i))
				all = append(all, []any{rowKey(row.Key), []byte(row.Key.Issuer), []byte(row.Key.Subject), string(row.State), []byte(row.Attempt),
					[]byte(""), []byte(row.Resource), row.Generation})
			}
		}
		columns := []string{"key", "issuer", "subject", "state", "attempt", "identity", "resource", "generation"}
		if _, err := conn.CopyFrom(b.Context(), pgx.Identifier{"acsauth", "mapping"}, columns, pgx.CopyFromRows(all)); err != nil {
			b.Fatal(err)
		}
	}
}

// benchStore opens a store on a durable server with so many rows.
func benchStore(b *testing.B, rows int, o Options) *Store {
	b.Helper()
	p := private(b, parts.PostgresOptions{Durable: true})
	dsn := freshOn(b, p)
	o.DSN = dsn
	s := openWith(b, o)
	admin(b, dsn, "ALTER TABLE acsauth.mapping ALTER lease_until SET DEFAULT clock_timestamp()")
	load(b, dsn, rows)
	admin(b, dsn, "VACUUM ANALYZE acsauth.mapping", "CHECKPOINT")
	return s
}

func BenchmarkInsert(b *testing.B) {
	s := benchStore(b, 0, Options{})
	var run int
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) {
			run++
			storetest.Each(b, goroutines, func(i int) error { return s.Insert(b.Context(), pendingRow(fmt.Sprint(run, "-", b.N, "-", i))) })
		})
	}
}

// BenchmarkBind is what a new user costs: an insert, and a replace with the identity.
func BenchmarkBind(b *testing.B) {
	s := benchStore(b, 0, Options{})
	var run int
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) {
			run++
			storetest.Each(b, goroutines, func(i int) error {
				name := fmt.Sprint(run, "-", b.N, "-", i)
				if err := s.Insert(b.Context(), pendingRow(name)); err != nil {
					return err
				}
				return s.Replace(b.Context(), pendingRow(name), activeRow(name), nil)
			})
		})
	}
}

func BenchmarkGet(b *testing.B) {
	const rows = 100_000
	s := benchStore(b, rows, Options{})
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("goroutines=", goroutines), func(b *testing.B) {
			storetest.Each(b, goroutines, func(i int) error {
				_, err := s.Get(b.Context(), pendingRow(fmt.Sprint(i%rows)).Key)
				return err
			})
		})
	}
}

// BenchmarkMillion is what the calls about many rows cost when there are a million.
func BenchmarkMillion(b *testing.B) {
	s := benchStore(b, 1_000_000, Options{})
	for name, do := range map[string]func() error{
		"Counts":     func() error { _, err := s.Counts(b.Context()); return err },
		"Unfinished": func() error { _, err := s.Unfinished(b.Context(), acsauth.Pending, 0, 100); return err },
		"List":       func() error { _, _, err := s.List(b.Context(), "", 1000); return err },
		"Find":       func() error { _, err := s.Find(b.Context(), activeRow("4711").Identity); return err },
		"Get":        func() error { _, err := s.Get(b.Context(), activeRow("4711").Key); return err },
		"Ping":       func() error { return s.Ping(b.Context()) },
	} {
		b.Run(name, func(b *testing.B) { storetest.Each(b, 1, func(int) error { return do() }) })
	}
}
