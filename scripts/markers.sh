#!/usr/bin/env bash
# Looks through the output of the whole suite for secrets:  go test -v ./... 2>&1 | scripts/markers.sh
#                                                      or:  scripts/markers.sh FILE...
# It searches for the markers that tests use as secrets, for keys of connection strings, and for what looks like a token.
# Lines that only name a test are allowed: tests are named after the bad setting that they try (the secrets there are
# made up). So is the report of a failed property, which shows what was drawn. All else is a finding, and exit code 1.
set -uo pipefail
allowed='^ *(=== (RUN|PAUSE|CONT|NAME)|--- (PASS|FAIL|SKIP):|[a-z_]+_test\.go:[0-9]+: \[rapid\] draw )'
markers=(
  'eyJ[A-Za-z0-9_-]{6,}\.(eyJ)?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{6,}'      # a JWT
  'accesskey=[A-Za-z0-9+/]{8,}'                                        # a key in a connection string
  '(AccountKey|client_secret|password)=[^ &"\\]{6,}'
  'canary|hunter2|marker-of-a-secret|planted-(secret|password)|Planted~|upstream-[A-Z2-7]{16}|pairwise-[A-Z2-7]{16}|@planted\.example'
  'secret-secret-secret'                                               # the key of acsidentity's tests,
  'c2VjcmV0LXNlY3JldC1zZWNyZXQ'                                        # in base64,
  '7365637265742d7365637265742d'                                       # and in hex
  'YWNzYXV0aCBlbXVsYXRvciBwcmltYXJ5|acsauth emulator primary access key' # the key of the emulator
  'BEGIN (RSA |EC |ENCRYPTED )?PRIVATE KEY'
)
pattern=$(IFS='|'; printf '%s' "${markers[*]}")
lines=$(mktemp); trap 'rm -f "$lines"' EXIT
cat -- "$@" >"$lines" || exit 2
[ -s "$lines" ] || { echo "there is no output to look through" >&2; exit 2; }
if hits=$(grep -nE "$pattern" "$lines" | grep -vE "^[0-9]+:${allowed#^}"); then
  cut -c1-400 <<<"$hits"
  echo "$(wc -l <<<"$hits") lines show a marker" >&2
  exit 1
fi
echo "$(wc -l <"$lines") lines, no marker in them"
