// Package audit keeps the log of decisions: one JSON line for each, chained by
// hashes, so that an edit, a deletion, an insertion or a new order shows.
//
// A line ends with its own hash, which covers the hash of the line before and
// every byte of the line up to the hash. With a key the hash is an HMAC, and who
// has not got the key cannot make a line. Without a key it is plain SHA-256, and
// anybody who may write the file can compute the whole chain anew.
//
// Users and identities appear as keyed hashes only, tokens as SHA-256 only.
package audit
