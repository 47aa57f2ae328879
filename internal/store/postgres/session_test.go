package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/parts"
)

// TestSettings: every session has our settings, whatever the database, the
// role and the DSN want.
func TestSettings(t *testing.T) {
	dsn := fresh(t)
	name := databaseOf(dsn)
	for _, setting := range []string{"synchronous_commit = off", "statement_timeout = 0", "default_transaction_isolation = 'serializable'", "search_path = public", "jit = on"} {
		admin(t, dsn, "ALTER DATABASE "+name+" SET "+setting)
	}
	for more, commit := range map[string]string{
		"": "on", "&synchronous_commit=off": "on", "&synchronous_commit=remote_apply": "remote_apply", "&options=-c%20synchronous_commit%3Doff": "on",
		"&statement_timeout=0&jit=on&target_session_attrs=any": "on",
	} {
		s := openAt(t, dsn+more)
		for setting, want := range map[string]string{
			"synchronous_commit": commit, "transaction_isolation": "read committed", "statement_timeout": "10s", "lock_timeout": "5s",
			"idle_in_transaction_session_timeout": "10s", "search_path": "pg_catalog", "jit": "off", "application_name": "acsauth",
		} {
			var got string
			mustDo(t, s.pool.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got))
			if got != want {
				t.Errorf("with %q in the DSN %s is %q, want %q", more, setting, got, want)
			}
		}
	}
}

// TestReadOnly: a database that is read-only is refused, and one that becomes so is noticed.
func TestReadOnly(t *testing.T) {
	s, dsn := openNew(t)
	name := databaseOf(dsn)
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	admin(t, dsn, "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	_, err := Open(t.Context(), Options{DSN: dsn})
	wantFault(t, err, "unset default_transaction_read_only")
	conn, err := s.pool.Acquire(t.Context())
	mustDo(t, err)
	_, err = conn.Exec(t.Context(), "SET default_transaction_read_only = on") // the session is as one of a server that was demoted
	mustDo(t, err)
	conn.Release()
	wantFault(t, s.Insert(t.Context(), pendingRow("y")), "read-only")
	wantFault(t, s.Replace(t.Context(), pendingRow("x"), activeRow("x"), nil), "read-only")
	wantFault(t, s.Ping(t.Context()), "read-only")
}

// TestStandby: a standby is refused, and passed over if the DSN names the primary too.
func TestStandby(t *testing.T) {
	standby := private(t, parts.PostgresOptions{})
	dsn := freshOn(t, standby)
	s := openAt(t, dsn)
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	mustDo(t, standby.Halt())
	signal := filepath.Join(standby.Data, "standby.signal")
	mustDo(t, os.WriteFile(signal, nil, 0o644))
	mustDo(t, standby.Restart(t.Context()))
	_, err := Open(t.Context(), Options{DSN: dsn})
	wantFault(t, err, "it is a standby; name the primary")
	wantFault(t, s.Ping(t.Context()), "standby")
	_, err = s.Get(t.Context(), pendingRow("x").Key)
	wantFault(t, err, "standby") // a read could be stale

	name := databaseOf(dsn)
	admin(t, shared(t).DSN("postgres"), "CREATE DATABASE "+name)
	primary := shared(t).DSN(name)
	both := strings.Replace(primary, addressOf(primary), addressOf(dsn)+","+addressOf(primary), 1)
	useAll(t, openAt(t, both), "primary")

	admin(t, dsn, "SELECT pg_promote()")
	mustDo(t, s.Ping(t.Context())) // the pool finds its way back
	if got, err := s.Get(t.Context(), pendingRow("x").Key); err != nil || !got.Fenced(pendingRow("x")) {
		t.Errorf("after promotion: %v", err)
	}
}

// A dropper is a pooler between client and server that drops the settings a client sends.
type dropper struct {
	listener net.Listener
	server   string
}

func (d dropper) serve() {
	for {
		client, err := d.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			if err := d.session(client); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				fmt.Fprintln(os.Stderr, "dropper:", err)
			}
		}()
	}
}

// session forwards user and database of the first message, and then all.
func (d dropper) session(client net.Conn) error {
	head := make([]byte, 8) // length, protocol
	if _, err := io.ReadFull(client, head); err != nil {
		return err
	}
	params := make([]byte, binary.BigEndian.Uint32(head)-8)
	if _, err := io.ReadFull(client, params); err != nil {
		return err
	}
	fields := strings.Split(string(params), "\x00")
	hello := append([]byte{}, head[4:]...)
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i] == "user" || fields[i] == "database" {
			hello = append(hello, fields[i]+"\x00"+fields[i+1]+"\x00"...)
		}
	}
	hello = append(hello, 0)
	server, err := net.Dial("tcp", d.server)
	if err != nil {
		return err
	}
	defer server.Close()
	if _, err := server.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(hello)+4)), hello...)); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(server, client) // ends with the session
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	return nil
}

// TestPooler: one that drops the settings of the session is found out.
func TestPooler(t *testing.T) {
	dsn := fresh(t)
	address := addressOf(dsn)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	mustDo(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go dropper{l, address}.serve()
	_, err = Open(t.Context(), Options{DSN: strings.Replace(dsn, address, l.Addr().String(), 1)})
	wantFault(t, err, "a pooler drops the settings of the session; connect to the server directly")
}
