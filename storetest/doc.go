// Package storetest judges implementations of [acsauth.Store] and helps to test
// what stands on top of one.
//
//   - [Run] is the conformance suite. It has nothing to switch off: a store
//     passes all of it or is not a Store.
//   - [NewMemory] is the reference store. It keeps everything in memory.
//   - [Faulty] wraps any store and loses calls or their answers, as networks do.
package storetest
