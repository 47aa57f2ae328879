// Package probe asks a running server for what it must serve ([RunPositive]) and for
// what it must refuse ([Run]). The latter sends one good request, then tokens and
// requests that are each wrong in one way, and compares status and code of every
// answer with those of the control that should refuse.
//
// A control that was lost, by a wrong setting or in a new release, shows in no
// log and no test of a client: everything goes on working. It shows here.
//
// Some wrong tokens the prober makes out of the good one: damaged, changed,
// signed by itself or not signed. Others only the issuer can sign; these are
// given, or minted by the emulator. What could not be tried is reported as not
// tested, never as passed. No token, and no part of one, is ever in a report.
package probe
