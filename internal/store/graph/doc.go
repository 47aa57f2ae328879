// Package graph keeps the mapping of a user where the public samples keep it:
// in an open extension on the user in Microsoft Graph. It promises less than
// the contract of [acsauth.Store], namely what that calls "a place that can
// only insert", and passes storetest.RunInsertOnce.
//
// # What is where
//
// The extension holds the Active mapping, signed with an HMAC, since users and
// other programs can write it. Intents, deletions, journal lines and locks are
// in the Journal, a full store under the same user keys: SQLite for one
// replica, PostgreSQL or tables for several. A Deleting row of the Journal wins
// over the extension; the extension wins over a Pending row. If the Journal was
// a store of its own before, its Active rows win, too, and end there when they are deleted.
//
// # Why it is right
//
// POST of an extension fails if the name exists; it is the one atomic verb of
// Graph, and decides who becomes Active. PATCH is never sent. Before it, the
// intent is renewed in the Journal, which is refused if somebody took it over.
// A duplicate, 400 or 409, is read back: the own attempt counts as done,
// another value that three reads agree on is ErrConflict, all else is unknown.
//
// # Reads that lag
//
// The directory promises no time within which a read sees a write. This
// package takes ten minutes ([lag]) for the most, and holds against it:
//   - Rows that this store has seen are remembered for that long; an older
//     state does not undo them. The memory is bounded; see Options.MaxCached.
//   - A removal leaves a tombstone in the Journal for that long, under a hash
//     of key and identity: a lagging read of the identity counts as no read, on every replica.
//   - A mapping that somebody deletes by hand at Graph may therefore be shown for ten minutes more.
//
// Within 30 seconds after a read of Graph ([fresh]) its Active row is answered
// from memory, if the Journal has no Deleting row. So a deletion that another
// replica has finished may be overlooked for 30 seconds; the tokens of that
// identity are dead at ACS by then. A read costs one read of the Journal, and
// twice in a minute at most a read of Graph and a second one of the Journal.
//
// # What is left
//
// Removals are claimed in the Journal, so that one at a time sends a DELETE. One
// whose answer was lost may run late: for 30 seconds it is not repeated and the
// row stays Deleting, so that no new mapping is there that it could take. If it runs later
// still, it can take away a new mapping, whose identity is then an orphan without a line.
//
// An intent that lost stays in the Journal until the sweeper turns it into a
// suspect, though its identity is known and deleted. And since an intent that was taken over may
// still become Active, a suspect may be alive: customIds, with which the
// sweeper looks suspects up and deletes them, MUST NOT be used with this store.
//
// # Who acts
//
// In Application mode the server writes all users (User.ReadWrite.All). In
// Delegated mode it acts on behalf of the caller (User.ReadWrite), whose
// token the context carries (acsauth.WithAssertion). The sweeper has no caller: a
// removal then stays noted in the Journal, hidden from everybody, until the
// user comes back and the next read finishes it. The sweeper tries again once a day.
package graph
