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
[ -n "${CHROMIUM:-}" ] || need chromium chromium
need jq jq # the example of a CI workflow uses both
need curl curl
export CGO_ENABLED=1

# What the tests run against installs while the code is checked: Azurite, and Microsoft's SDKs for Node and Python.
mkdir -p .tmp
packages() {
  for folder in interop/parts interop interop/browser web web/packages/emulator deploy/observability; do
    (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts)
  done
  bash interop/python/install.sh
}
packages >.tmp/packages.log 2>&1 &
packages=$!

step "format, vet, staticcheck"
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "gofmt wants: $unformatted" >&2; exit 1; }
go vet ./...
go tool -modfile=tools/go.mod staticcheck ./...
go tool -modfile=tools/go.mod staticcheck -tags mistakes ./internal/broker
go tool -modfile=tools/go.mod staticcheck -tags uncontrolled ./internal/authn ./internal/config
go tool -modfile=tools/go.mod staticcheck -tags failpoints ./cmd/internal/failpoint ./cmd/acsauth-dev
go mod verify

step "Azurite, and the SDKs for Node and Python"
wait $packages || { cat .tmp/packages.log >&2; exit 1; }
rm -f .tmp/packages.log

step "Go tests with the race detector"
go test -race -timeout 25m ./...

# The exploration leaves the machine time for suites that wait for browsers and networks.
(
  set -e
  go test -timeout 15m ./internal/broker -run 'Interleaving|Schedules' -count=1 -v -full
  go test -timeout 15m -tags mistakes ./internal/broker -run Mistake -count=1 -v
) >.tmp/protocol.log 2>&1 &
protocol=$!

CGO_ENABLED=0 go build -trimpath -o .tmp/acsauth-dev ./cmd/acsauth-dev
export ACSAUTH_DEV=$PWD/.tmp/acsauth-dev

step "interop: Microsoft's SDKs for Go"
go test -count=1 -v ./interop/golang | grep -v -e '^=== ' -e '--- PASS'

step "interop: MSAL and the ACS credential in Chromium"
(cd interop/browser && node --test)

step "the page, the token client, and the samples' client in Chromium"
(cd web && npm run check && npm test --workspace packages/token-client && npm test)

step "interop: Microsoft's SDKs for Python"
bash interop/python/run.sh

step "the npm package"
(cd web/packages/emulator && npm test)

step "the container files, without an engine"
if [ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ]; then
  need ip iproute2
  need openssl openssl
  need python3 python3
  IMAGE_BINARY=$ACSAUTH_DEV bash deploy/emulator/check.sh
  bash deploy/container/check.sh
else
  echo "LEFT OUT: it needs Linux and root; run: sudo bash deploy/emulator/check.sh; sudo bash deploy/container/check.sh"
fi

step "Helm chart, releases, workflows, alert rules, KQL"
bash deploy/checks/run.sh
(cd deploy/observability && node --test)

step "the protocol: every interleaving, seeded schedules, and the ten mistakes"
wait $protocol || { cat .tmp/protocol.log >&2; exit 1; }
grep -v '^=== ' .tmp/protocol.log
rm -f .tmp/protocol.log

step "controls: each one that a test build switches off lets its bad token in"
go test -timeout 15m -tags uncontrolled ./internal/authn ./internal/config

step "known vulnerabilities"
bash scripts/vulncheck.sh

step "interop: Microsoft's SDKs for Node"
(cd interop && node --test interop.test.js)
