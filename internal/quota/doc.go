// Package quota keeps the calls of one replica to ACS below the published
// limits, so that ACS need not refuse any: it counts a refused call like a good
// one, so calling on would make things worse for everybody.
//
// The limits are per resource and 30 seconds. Whether ACS counts in fixed or in
// sliding windows is not known; a sliding one is kept here, which satisfies both.
// Who cannot be served now waits for a short while, in order of priority, and
// is else told when to come again: a time at which there will be room, since
// each who is told gets a place behind those told before.
package quota
