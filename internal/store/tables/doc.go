// Package tables keeps mappings in one table of Azure Table Storage. It is a
// store for any number of replicas.
//
// # Layout
//
// The partition of a user is the hash of the key. It holds the row ("m") and the
// lines of the journal ("j:" and the attempt), so that a row and its line change in one
// transaction. Besides, there are two indexes of work that is to be found without reading
// the table: "open" has an entry for each user with an unfinished row, a suspect or an
// orphan, and "left" for each with a line of kind Left; one partition for each
// identity names its user, for Find; and there are the locks, and a mark that tells whose table it is.
//
// # Writes
//
// A conditional write reads the row, compares the whole fence, and writes under
// the ETag that it read; If-Match is never "*". If the service refuses, the row had changed: it
// is read and judged again, at most eight times. A write of a row or a line is
// sent once, whatever the answer; only reads, and writes of entries, are repeated.
// Each write of a row carries an id of its own. If the answer is lost or odd, and one
// look shows the row with that id, the write is known to be done; else the outcome is
// unknown. So ErrConflict is never our own earlier try.
//
// # Why no unfinished row or line is missing from the indexes
//
// An entry is written before what relies on it, and each such touch changes its
// ETag. An entry is removed in two ways only, each under an ETag:
//
//   - By the one write that it stood for. An entry that was inserted (not
//     replaced), or replaced under the ETag that the row or line had noted, is known to be relied on by
//     one row or line alone, which notes the ETag. Whoever finishes that row or drops that line
//     removes the entry under that ETag, after it. Nobody else relies on the entry: he would have touched
//     it, so that the ETag is another. And no earlier write is still under way: when the entry was inserted
//     there was none, so nothing relied on one, by induction.
//   - By a reader of the index that sees an entry which is ten minutes old by the clock of
//     the service. It reads the entry, then the partition of the user; if
//     there is nothing to be found there, it removes the entry under the ETag that it read first. A
//     write that touched it before was sent at most 30 seconds later, since a method takes no longer,
//     and the service works on a request for at most 30 seconds; so it would have been seen. A write that
//     touches it later changes the ETag.
//
// What is assumed is that no request arrives more than nine minutes after it
// was given up. If a process sleeps for minutes between the two writes, it touches the entry
// again after the second. If it also dies there, a row stays out of the index until the
// user comes again, or for good if it is a line: that takes a sleep of ten minutes and a crash at one point.
//
// An entry may stand for nothing. So whatever is found by an index is read from the
// partition of the user before it is told. An entry that one row or one line alone relies on
// says which, so that a look for the other passes it over. Lines that are old are remembered with the
// entry by which they were found, and are not read again for ten minutes unless the entry was touched.
//
// # Cost
//
// Requests, and in brackets how many of them wait for each other: Get 1; Insert
// of an intent 2 (2); commit, Pending to Active, 3 (2) and 1 that nobody waits for. So a first sign-in takes
// 7 requests, of which 5 wait for each other, and a warm one takes 1. Mark for deletion 3 (3); Remove 2 (2) and 2
// that nobody waits for; take-over with its line 4 (3); PutLine 3 (2); DropLine 3 (3) and 1; Find 2 (2); Lock 2 (2);
// Ping and a page of List 1. Unfinished and Lines take 1 for each 1000
// entries of an index, and 1 for each entry that is not remembered, 16 at a time. Counts is two such looks;
// Active is not counted. Lines of kind Left are never removed: some 10,000 of them make
// Counts slow once in ten minutes, and beyond 100,000 entries the rest of an index is left out, with a warning.
//
// All touches go to one partition, which the service serves at 2000 entities a
// second. ACS makes at most 33 identities a second.
//
// # Time
//
// The clock of the store is that of the service: a lease runs from the Timestamp of the entity, and is
// compared with the Date of the answer, which has full seconds. So a lease may be over up to a second late, and never early.
//
// # Conditions
//
// Use the primary endpoint. After a fail-over of the account to its secondary
// region the last writes may be missing, as Microsoft says; identities made meanwhile are then orphans without a line.
//
// Tested with Azurite 3.37.0. Not tested, for want of them: the live service, and the Table API of Azure Cosmos
// DB, which has the same protocol, ETags and transactions; it must have one write region and strong or session consistency with
// one replica, or strong consistency with more. Azurite itself loses acknowledged writes when it is killed.
package tables
