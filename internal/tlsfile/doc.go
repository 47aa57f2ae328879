// Package tlsfile serves TLS from a certificate and a key in PEM files, and
// reads them again when they change.
package tlsfile
