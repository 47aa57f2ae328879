#!/usr/bin/env bash
# Passes all tests on a machine with git, Go, Node and apt; installs what else it needs.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }
need() { # need COMMAND PACKAGE: install the package if the command is missing
  command -v "$1" >/dev/null && return
  echo "$1 is missing: installing $2"
  apt-get update -q && apt-get install -y -q --no-install-recommends "$2" ||
    { echo "cannot install it; run: sudo apt-get install $2" >&2; exit 1; }
}

for c in go node npm git; do
  command -v "$c" >/dev/null || { echo "$c is missing. Needed: git, Go 1.26.6 or newer, Node 20 or newer." >&2; exit 1; }
done
need gcc gcc # the race detector links with it
dpkg -s libc6-dev >/dev/null 2>&1 || need /usr/include/stdlib.h libc6-dev
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || need postgres postgresql # the tests start servers of their own
export CGO_ENABLED=1

# Azurite, a real Azure Tables for the tests, installs while the code is checked.
mkdir -p .tmp
(cd interop/parts && npm ci --no-audit --no-fund --ignore-scripts) >.tmp/azurite.log 2>&1 &
azurite=$!

step "format, vet, staticcheck"
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "gofmt wants: $unformatted" >&2; exit 1; }
go vet ./...
go tool -modfile=tools/go.mod staticcheck ./...
go tool -modfile=tools/go.mod staticcheck -tags mistakes ./internal/broker
go tool -modfile=tools/go.mod staticcheck -tags uncontrolled ./internal/authn ./internal/config
go tool -modfile=tools/go.mod staticcheck -tags failpoints ./cmd/internal/failpoint ./cmd/acsauth-dev
go mod verify

step "Azurite"
wait $azurite || { cat .tmp/azurite.log >&2; exit 1; }
rm -f .tmp/azurite.log

step "Go tests with the race detector"
go test -race -timeout 25m ./...

step "the protocol: every interleaving, seeded schedules, and the ten mistakes"
go test -timeout 15m ./internal/broker -run 'Interleaving|Schedules' -count=1 -v -full | grep --line-buffered -v '^=== '
go test -timeout 15m -tags mistakes ./internal/broker -run Mistake -count=1 -v | grep --line-buffered -v '^=== '

step "controls: each one that a test build switches off lets its bad token in"
go test -timeout 15m -tags uncontrolled ./internal/authn ./internal/config

step "known vulnerabilities"
bash scripts/vulncheck.sh

step "interop: the Microsoft SDKs, unmodified"
go build -o .tmp/acsauth-dev ./cmd/acsauth-dev
(cd interop && npm ci --no-audit --no-fund --ignore-scripts && ACSAUTH_DEV="$PWD/../.tmp/acsauth-dev" node --test interop.test.js)
