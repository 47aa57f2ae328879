// Package e2e runs the built programs as an operator would: as processes, over
// HTTP, with kill -9. It has tests only.
package e2e
