// Package postgres keeps mappings in a PostgreSQL database. It is the store for
// several replicas. It is tested with PostgreSQL 15 and needs 12 or newer.
//
// # Database
//
// All that it keeps is in the schema acsauth of the database that the DSN names,
// so the database may be shared. The role needs CREATE on the database, or an
// administrator makes the schema once: "CREATE SCHEMA acsauth AUTHORIZATION role".
// When the schema is there and current, a role with USAGE on it and SELECT, INSERT, UPDATE and
// DELETE on its tables will do.
//
// # Durability and order
//
// Every call is one statement in one round trip, its own transaction at READ COMMITTED; the
// row and its journal line change in that one statement. synchronous_commit is on
// in every session (remote_apply, if the DSN says so), so a write that returned nil is flushed, and
// if synchronous_standby_names is set it is on a standby as well. If failover is automatic,
// set it: with asynchronous replication a failover may lose writes that were acknowledged. A
// session that is read-only or on a standby is refused, so all reads come from the primary.
//
// An error that is no sentinel means unknown: the statement may run to its end on the server
// after the call has returned. Reads, and writes that surely had no effect (never
// sent, or rolled back by a serialization failure or a deadlock), are tried up to three times.
//
// A call whose context ends returns, and its statement is left to finish: PostgreSQL shows a
// write to others when its wait for a synchronous standby is cancelled, though it may be lost.
//
// Leases and locks use the clock of the database.
//
// # Limits
//
// A call takes at most 15 seconds, waits at most 5 seconds for a connection, and the server
// ends a statement after 10 seconds, and after 5 that it waits for a lock.
//
// # Connections
//
// Connect directly and not through a pooler such as PgBouncer (on Azure: port 5432, not 6432): the
// settings of the session carry promises, and poolers drop them. Open finds out and says so.
// The pool of the store is bounded itself. With several hosts in the DSN the first
// that can write is used. For a host that is not this machine TLS is required, with
// sslmode=verify-full unless the DSN says require or verify-ca.
//
// # Versions
//
// The version of the schema is the number of its newest migration. A program migrates
// an older schema when it opens it, and several may do so at once. The table compatibility says how old
// a program may be that uses the schema, by the newest version that the program knows:
//
//   - A migration that only adds (a table, an index, a column with a default) leaves it. A
//     program that is older goes on, and newly started ones too: they name each column
//     they use. So replicas may be upgraded one after the other, and back.
//   - A migration that an older program cannot live with raises it to its own version, in
//     its own transaction. Older programs are then refused when they open the database or
//     connect anew, and their Ping fails. Stop them before; a release has one such migration at
//     most, and the release before it does without whatever the migration takes away.
package postgres
