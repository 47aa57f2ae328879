// Package limit holds what keeps one client from taking everything: rates and
// quotas for each key, the address of a client behind proxies, bounds on
// connections, and slots for what is at work.
//
// Everything counts in this process only, and from its start.
package limit
