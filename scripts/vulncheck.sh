#!/usr/bin/env bash
# Looks for known vulnerabilities in what the two programs reach, built with the toolchain that go.mod names. The database is the
# newest version of the module golang.org/x/vulndb.
# Exit codes: 0 none found, or database or toolchain cannot be fetched (a notice says so); others: found, or the check itself failed.
# GOVULNDB=file:///PATH takes a copy of the database instead.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "NOTICE: vulncheck: $1 could not be fetched. NOTHING WAS CHECKED." >&2; exit 0; }

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
export GOTOOLCHAIN
GOTOOLCHAIN=$(sed -n 's/^toolchain //p' go.mod)
go version >"$temp/error" 2>&1 || { cat "$temp/error" >&2; skip "the toolchain $GOTOOLCHAIN"; }
if [ -z "${GOVULNDB:-}" ]; then
  (cd "$temp" && go mod download -json golang.org/x/vulndb@latest) >"$temp/module.json" 2>"$temp/error" ||
    { cat "$temp/error" "$temp/module.json" >&2; skip "the database"; }
  sed -n 's/^\t"Version": "\(.*\)",*$/vulncheck: golang.org\/x\/vulndb \1/p' "$temp/module.json"
  go run ./internal/tools/vulndb "$(sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p' "$temp/module.json")/data/osv" "$temp/db"
  GOVULNDB=file://$temp/db
fi
code=0
go tool -modfile=tools/go.mod govulncheck -db "$GOVULNDB" ./cmd/... >"$temp/found" || code=$?
grep -vE '^ +#[0-9]+: ' "$temp/found" # but for the traces, of which there may be hundreds
exit $code
