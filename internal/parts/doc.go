// Package parts runs real services of other makers on this machine, as child
// processes that listen on loopback only: for tests, for benchmarks and for the
// torture command of acsauth-dev. It is never linked into the production binary.
//
// A part that is not installed is an error that names the one command which
// installs it. Every wait is bounded. A part ends with Stop, and on Linux also
// with the process that started it, however that ends.
package parts
