#!/usr/bin/env bash
# Runs the image of acsauth without a container engine: against an issuer of OpenID Connect that is only a folder behind TLS, so that the
# production program gets ready with no cloud. It needs Linux, root, Go, and what lib.sh names.
# IMAGE_BINARY names a binary that was built before, to save the time.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/internal/image/lib.sh

image deploy/container/Dockerfile acsauth home/nonroot etc
mkdir -p "$root/issuer/.well-known"
(cd "$root" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=issuer.test \
  -addext subjectAltName=DNS:issuer.test -keyout issuer.key -out issuer.pem 2>/dev/null &&
  cp issuer.pem image/etc/issuer.pem && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=acsauth.test \
  -addext subjectAltName=DNS:acsauth.test -keyout image/etc/tls.key -out image/etc/tls.pem 2>/dev/null && chown "$user" image/etc/tls.key)
echo "10.255.0.1 issuer.test" >"$root/image/etc/hosts"
cat >"$root/image/etc/issuers.json" <<'JSON'
{"issuers": [{"name": "test", "kind": "oidc", "issuer": "https://issuer.test", "audiences": ["api://test"], "clients": ["app"]}]}
JSON
cat >"$root/issuer/.well-known/openid-configuration" <<'JSON'
{"issuer": "https://issuer.test", "jwks_uri": "https://issuer.test/keys"}
JSON
openssl genrsa 2048 2>/dev/null | openssl rsa -noout -modulus | python3 -c 'import base64, json, sys
n = base64.urlsafe_b64encode(bytes.fromhex(sys.stdin.read().strip().partition("=")[2])).decode().rstrip("=")
print(json.dumps({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "n": n, "e": "AQAB"}]}))' >"$root/issuer/keys"

checks=$(cat <<'IN'
before() {
  ip address add 10.255.0.1/32 dev lo
  python3 - "$root" <<'PY' 2>/dev/null &
import functools, http.server, ssl, sys
root = sys.argv[1]
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=root + "/issuer")
handler.func.extensions_map = {"": "application/json"}
server = http.server.ThreadingHTTPServer(("10.255.0.1", 443), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(root + "/issuer.pem", root + "/issuer.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
PY
  environment=(SSL_CERT_FILE=/etc/issuer.pem ACSAUTH_ISSUERS=/etc/issuers.json
    "ACSAUTH_ACS_CONNECTION_STRING=endpoint=https://acs.test/;accesskey=bm90LXJlYWw=" "${more[@]}")
}
checks() {
  curl -fsS "${trust[@]}" "$url/readyz" | grep -q '"status":"ready"'
  [ "$(curl -sS -o /dev/null -w '%{http_code}' "${trust[@]}" -X POST "$url/getToken")" = 401 ]
  curl -fsS http://127.0.0.1:9090/metrics | grep '^acsauth_' >/dev/null
  [ -s "$image/home/nonroot/acsauth.db" ] # the default of ACSAUTH_STORE, in the folder of the image
  grep -q '"msg":"ready"' "$root/out"
  # Where nobody listens, the health check says so.
  environment+=(ACSAUTH_LISTEN=127.0.0.1:1)
  ! as_image "${health[@]}" 2>/dev/null || { echo "the health check is content where nothing listens" >&2; exit 1; }
}
IN
)
run home/nonroot <<IN
more=() trust=() url=http://127.0.0.1:8080
$checks
IN
rm -f "$root"/image/home/nonroot/*
run home/nonroot <<IN
more=(ACSAUTH_TLS_CERTIFICATE=/etc/tls.pem ACSAUTH_TLS_KEY=/etc/tls.key) url=https://acsauth.test:8080
trust=(--cacert "\$root/image/etc/tls.pem" --resolve acsauth.test:8080:127.0.0.1)
$checks
IN
