// Package cosmos keeps mappings in one container of Azure Cosmos DB for NoSQL.
// Several replicas may use it at once.
//
// # Layout
//
// The partition key is /key. A user has a logical partition, named by the hash of the user's
// key, with the row (id "m") and the lines of the journal (id "j:" and the attempt in base64url), so a
// row and its line change in one transactional batch. Each change of a row is conditional on the
// entity tag of the version whose fence was compared; the entity tags of rows seen
// lately are remembered, which saves the read and decides nothing. Locks and
// the mark of the container have partitions of their own. Only the properties that are looked for are indexed:
// key, kind, state and identity.
//
// # Consistency
//
// The contract wants reads that see what another replica was told is done. A
// stale read after an unknown commit would delete a live identity. What the service offers, by its documentation:
//
//   - Conditional writes and batches are decided in the one write region and committed by a majority of its
//     replicas, whatever the consistency level. So no account with several write regions is accepted.
//   - With bounded staleness, reads ask two of the four replicas of a region, one of which has
//     every write that was acknowledged there. In the write region nothing is stale then; in others it is. So
//     all requests go to the write region, and fail rather than go elsewhere.
//   - With strong consistency, the same holds in every region.
//   - With session consistency, the default of the service, a read asks one replica, which has at least what the session
//     token stands for that the client sends. Another client's writes may be missing. A token of one's own
//     would make the commit path right, and not a read of what others wrote, or the first read after a restart.
//
// So Open refuses an account that is weaker than bounded staleness and says how to
// change it. Options.AllowSession accepts session consistency. Each read of a row then writes an item that nobody reads
// to the partition of the user, and reads with the session token of that write, which is newer than
// everything acknowledged before: two round trips and about four times the request units. What that cannot reach are
// queries: Lines, Unfinished, Counts and List may lag (whoever acts on them writes under a
// fence), and Find returns an error where it cannot be sure.
//
// Every read names the consistency level that it relies on. The service refuses it
// if the level of the account was lowered meanwhile. What the account is, is looked
// at again every few minutes; while it is not acceptable, every call fails.
//
// After a failover to another region by force, writes that were acknowledged may be
// gone, unless the consistency level is strong.
//
// # Errors
//
// A write is sent once. An error that is no sentinel means unknown, and its text says "not done" where
// that is sure: 429 (throughput exceeded), refusals, and requests that were not sent. Writes that
// the service refused since another was faster (409, 412, 449) are decided anew, up to eight times. Reads are made again
// up to three times, and wait for as long as the service asks. Whether a 404 is a missing row
// or a missing container is told by its substatus: 0 or none against 1003.
//
// # Time
//
// A lease or a lock runs from _ts of its item, and is compared with the Date header of the
// answer. Both are clocks of the service, in full seconds: a lease may read up to a second too long or too short.
//
// # Cost
//
// Requests per call, and request units as the documentation has them for items of
// 1 KB; none was measured. A point read is 1 unit, 2 with bounded staleness or strong
// consistency; a write of an item with few indexed properties is about 5, a replacement about 10.
//
//	Get                  1 read                                    2
//	Insert               1 create                                  5
//	Replace, Remove      1 replace or delete, if the row was seen  10 (with a line: one batch, about 15)
//	                     1 read more otherwise                     2
//	PutLine              1 create, 3 if there is a line            5 to 20
//	DropLine             1 delete                                  5
//	Lock                 1 read and 1 write, 1 read if held        2 to 12
//	Find, Counts, Lines  queries over all partitions               3 and more for each physical partition
//	Unfinished, List
//	Ping                 1 read                                    2
//
// So a first sign-in is three requests, a later one is one. Lines, Unfinished and Counts read all
// items of the kind, at most 200,000. Counts does not count active rows.
//
// # Limits
//
// A call takes at most 30 seconds. That an identity belongs to one user is not enforced by the
// container, whose unique keys do not span partitions; Find returns an error if two hold it.
//
// # What was verified, and what was not
//
// The suite of package storetest, lost and late answers, refusals and stale replicas run
// through the unmodified SDK (azcosmos) against package interop/cosmos, a stand-in built from
// the documentation. Once the store ran against a third-party emulator (npm, @vercel/cosmosdb-server 1.0.1, with
// its description of the account and its answer to missing items put right): it passed all checks of
// the suite but those with a row and a line in one batch, which that emulator does not know.
// Nothing was run against the service. In particular these rest on documentation
// alone: the consistency statements above, substatus 1003, that 429 and 449 have no effect,
// that the gateway serves these queries over all partitions (filters with =, <, >, IN, AND, OR;
// no order, no aggregates), the codes within an answer to a batch, and the request units. That the session token of a
// write covers all earlier writes of its partition by others follows from the tokens being
// positions in the log of a physical partition; it is not said in these words.
package cosmos
