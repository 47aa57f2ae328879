// Package checks holds tests of the Helm chart, the release configuration and the workflows with the libraries of the tools that read them.
// It is a module of its own, so that those libraries are no part of the product. It has no code of its own; run.sh runs it.
package checks
