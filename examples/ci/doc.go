// Package ci holds example workflows, and the test of them. It has no code of its own.
package ci
