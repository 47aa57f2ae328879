// Package doctor examines everything that the service depends on: settings,
// files, clocks, issuers, permissions, ACS and the store. It never stops at the
// first fault, says of each one what to change and where, and tells what was
// not checked. Both programs have it as a command.
//
// No secret, no token and nothing about a user is in what it says.
package doctor
