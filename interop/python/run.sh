#!/usr/bin/env bash
# Holds the emulator to Microsoft's SDKs for Python, and prints which calls passed. ACSAUTH_DEV names the program to test;
# without it one is built with Go. Arguments are names of tests, as for python3 -m unittest.
set -euo pipefail
cd "$(dirname "$0")/../.."

sdks=$(bash interop/python/install.sh)
if [ -z "${ACSAUTH_DEV:-}" ]; then
  mkdir -p .tmp
  go build -o .tmp/acsauth-dev ./cmd/acsauth-dev
  export ACSAUTH_DEV=$PWD/.tmp/acsauth-dev
fi
# -S leaves out the packages of this machine's Python; those of Debian are named instead.
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$sdks:/usr/lib/python3/dist-packages" exec /usr/bin/python3 -S interop/python "$@"
