#!/usr/bin/env bash
# Measures every kind of store on this machine and prints the table of docs/identity-storage.md.
# It starts PostgreSQL and Azurite by itself, on loopback, with data in temporary folders.
#
#   scripts/bench-stores.sh                      a million mappings, about half an hour
#   scripts/bench-stores.sh -mappings 100000     five minutes
#   scripts/bench-stores.sh -h                   all options
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .tmp
go build -o .tmp/bench-stores ./bench/stores
exec .tmp/bench-stores "$@"
