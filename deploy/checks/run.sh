#!/usr/bin/env bash
# Checks the Helm chart, the release configuration, the workflows and the development container with the libraries of the tools that read
# them, in a module of their own. It needs Go and the module proxy.
# Nothing is taken from the cache of test results: go does not see that files outside of a module have changed.
set -euo pipefail
cd "$(dirname "$0")"
go vet ./...
go test -count=1 ./...
