#!/usr/bin/env bash
# Writes bench/profiles/*.txt: the top 20 of the way of a warm POST /getToken, by time and by bytes allocated,
# with all caches (what is left to save) and with none (what they save). About a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
for caches in all_caches no_caches; do
  go test -run='^$' -bench "GetToken/^$caches\$" -benchtime 10s -cpuprofile "$work/cpu" -o "$work/test" ./internal/server >/dev/null
  go test -run='^$' -bench "GetToken/^$caches\$" -benchtime 3s -memprofile "$work/memory" -memprofilerate 4096 -o "$work/test" ./internal/server >/dev/null
  go tool pprof -top -nodecount 20 "$work/test" "$work/cpu" 2>/dev/null >"$work/cpu.txt"
  go tool pprof -top -cum -nodecount 40 -focus 'server.\(\*Server\)' "$work/test" "$work/cpu" 2>/dev/null >"$work/cum.txt"
  go tool pprof -sample_index=alloc_space -top -nodecount 20 "$work/test" "$work/memory" 2>/dev/null >"$work/alloc.txt"
  for kind in cpu cum alloc; do # without what differs from run to run, and without the types in the names of generic functions
    sed -E '/^(File|Build ID|Time|Duration):?/d; s/\[go\.shape[^]]*\].*/[...]/; s/[[:space:]]+$//' "$work/$kind.txt" >"bench/profiles/${caches/_/-}-$kind.txt"
  done
done
