#!/usr/bin/env bash
# Runs the image of the emulator without a container engine. It needs Linux, root, Go, and what lib.sh names.
# IMAGE_BINARY names a binary that was built before, to save the time.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/internal/image/lib.sh

image deploy/emulator/Dockerfile acsauth-dev ca
run ca <<'IN'
checks() {
  tenant=ac5a0000-0000-4000-a000-000000000001
  config=$tenant/v2.0/.well-known/openid-configuration
  curl -fsS "http://127.0.0.1:8081/$config" | grep -q "\"issuer\":\"http://127.0.0.1:8081/$tenant/v2.0\""
  curl -fsS --cacert "$image/ca/emulator-ca.pem" "https://localhost:8083/$config" | grep -q "\"issuer\":\"https://localhost:8083/$tenant/v2.0\""
  curl -fsS -X POST http://127.0.0.1:8082/token | grep -q access_token
  grep -q '"connectionString":"endpoint=http://127.0.0.1:8081/' "$root/out"
}
IN
