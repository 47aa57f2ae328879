// Package observability holds alert rules, a dashboard and queries, and the tests of them. It has no code of its own.
package observability
