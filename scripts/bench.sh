#!/usr/bin/env bash
# Measures the service on this machine and prints the tables of docs/performance.md: load, growth, and the morning.
# Each part starts what it needs by itself, on loopback, with data in temporary folders. Less than ten minutes.
#
#   scripts/bench.sh           all
#   scripts/bench.sh -quick    a short run of each, to see that it works
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .tmp
[ $# -eq 0 ] || [ "$*" = -quick ] || { echo "usage: scripts/bench.sh [-quick]" >&2; exit 2; }

for part in http growth morning; do
  [ -d "bench/$part" ] || continue
  printf '\n## %s\n\n' "$part"
  go build -o ".tmp/bench-$part" "./bench/$part"
  more=()
  if [ "$part" = growth ] && [ $# -eq 0 ]; then more=(-rounds 3); fi # so that all of it stays below ten minutes
  ".tmp/bench-$part" "${more[@]}" "$@"
done
