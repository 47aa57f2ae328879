#!/usr/bin/env bash
# Runs the fuzz targets of the repository, one after the other, and prints a table of what ran.
#   scripts/fuzz.sh TIME [PARALLEL] [-o FILE] [-r REGEXP]
# TIME      for each target, as Go writes it: 10s, 10m
# PARALLEL  workers of a target, 2 by default
# -o FILE   keeps the table; its lines are added one by one, so that a broken run leaves what ran before
# -r REGEXP only the targets whose PACKAGE.NAME fits, for example 'authn\.'
# Exit 1: a target failed. Its input is where the output says, under testdata/fuzz. Exit 2: wrong arguments.
set -uo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '3,8s/^# \{0,1\}//p' "scripts/$(basename "$0")" >&2; exit 2; }
time=${1:-}; [[ $time =~ ^[0-9]+[smh]$ ]] || usage; shift
parallel=2; [[ ${1:-} =~ ^[1-9][0-9]*$ ]] && { parallel=$1; shift; }
table=$(mktemp); only=.; keep=
while getopts o:r: option; do
  case $option in o) keep=$OPTARG ;; r) only=$OPTARG ;; *) usage ;; esac
done
log=$(mktemp); trap 'rm -f "$log"; [ -n "$keep" ] || rm -f "$table"' EXIT
[ -z "$keep" ] || { rm -f "$table"; table=$keep; : >"$table"; }

line() { tee -a "$table" | cat >&2; }
show() { printf '\n'; cat "$table"; }

# zid PACKAGE NAME: what docs/testing-security.md says the target is for.
zid() {
  local folder=$1
  [ "$folder" != . ] || folder=acsauth
  grep -E '^\| Z-[0-9]+ ' docs/testing-security.md | grep -F "\`$folder.$2\`" | cut -c3-6 | paste -sd' ' -
}

printf '| target | package | id | executions | new interesting | seconds | findings |\n|---|---|---|---|---|---|---|\n' | line
failed=0
while IFS=: read -r file name; do
  package=$(dirname "${file#./}")
  [[ $package.$name =~ $only ]] || continue
  begin=$SECONDS
  go test -run='^$' -fuzz="^$name\$" -fuzztime="$time" -fuzzminimizetime=10x -parallel="$parallel" "./$package" >"$log" 2>&1
  status=$?
  last=$(grep -E '^fuzz: elapsed: .*execs: ' "$log" | tail -1)
  executions=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' <<<"$last"); fresh=$(sed -n 's/.*new interesting: \([0-9]*\).*/\1/p' <<<"$last")
  finding=0
  # Go itself fails so now and then when the time is over on a busy machine; there is no input that failed.
  if [ $status -ne 0 ] && grep -q '^    context deadline exceeded$' "$log" && ! grep -q 'Failing input' "$log"; then status=0; fi
  if [ $status -ne 0 ]; then
    finding=$(grep -oE 'testdata/fuzz/[^ ]+' "$log" | head -1); finding=${finding:-"no run: see the output"}; failed=1
  fi
  printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$name" "$package" "$(zid "$package" "$name")" "${executions:-0}" "${fresh:-0}" $((SECONDS - begin)) "$finding" | line
  if [ $status -ne 0 ]; then
    printf '\nFINDING in %s.%s:\n' "$package" "$name" >&2; grep -vE '^fuzz: elapsed' "$log" | tail -60 >&2
    break
  fi
done < <(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed -E 's/^([^:]+):[0-9]+:func (.*)$/\1:\2/' | sort)
show
exit $failed
