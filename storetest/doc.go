// Package storetest judges implementations of [acsauth.Store] and helps to test
// what stands on top of one. docs/writing-a-store.md shows how to use it.
//
//   - [Run] is the conformance suite. It has nothing to switch off: a store
//     passes all of it or is not a Store. If the store is an [acsauth.Lister] or
//     an [acsauth.Finder], it is judged by that too.
//   - [RunOutage] takes the database away from a store in the middle of its
//     writes, and brings it back. It is for databases that are another process.
//   - [RunInsertOnce] takes the place of Run for the weaker class of stores that
//     acsauth.Store describes.
//   - [Checks] names what Run and RunOutage check.
//   - [NewMemory] is the reference store. It keeps everything in memory.
//   - [Faulty] wraps any store and loses calls or their answers, as networks do,
//     or makes them slow.
//
// That the checks see something is tested as well: each is run on stores that
// are wrong in one thing, and has to find it.
package storetest
