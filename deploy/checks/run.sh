#!/usr/bin/env bash
# Checks the Helm chart, the release configuration, the workflows, the development container and the alert rules with the libraries of the
# tools that read them, in two modules of their own, since the tools want different versions of one library. It needs Go and the module proxy.
# Nothing is taken from the cache of test results: go does not see that files outside of a module have changed.
set -euo pipefail
cd "$(dirname "$0")"
for module in . rules; do
  (cd "$module" && go vet ./... && go test -count=1 -v ./... | grep -v '^=== ')
done
