#!/usr/bin/env bash
# Does what a container engine would do with the Dockerfile, without one: builds the binary with its command, and runs the
# entry point in a network of its own, on a read-only root that holds nothing else, as the user of the image.
# IMAGE_BINARY names a binary that was built before, to save the time.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { echo "$*" >&2; exit 1; }
[ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] || fail "needs Linux and root: run it with sudo"
for c in unshare ip python3 curl; do command -v "$c" >/dev/null || fail "$c is missing: apt-get install util-linux iproute2 python3 curl"; done

# What the Dockerfile says, with its continuation lines joined.
file=$(sed -e ':a' -e '/\\$/{N;s/\\\n *//;ba' -e '}' deploy/emulator/Dockerfile)
list() { sed -n "s/^$1 \(\[.*\)/\1/p" <<<"$file" | python3 -c 'import json,shlex,sys; print(shlex.join(json.load(sys.stdin)))'; }
user=$(sed -n 's/^USER //p' <<<"$file")
entry="$(list ENTRYPOINT) $(list CMD)"
health=$(list 'HEALTHCHECK.* CMD')
build=$(sed -n 's/^RUN \(CGO_ENABLED=0 go build .*\)/\1/p' <<<"$file")

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/image/ca" "$root/image/tmp" "$root/image/dev"
if [ -n "${IMAGE_BINARY:-}" ]; then
  cp "$IMAGE_BINARY" "$root/image/acsauth-dev"
else
  eval "${build//-o \/image\//-o $root/image/}"
fi
chown -R "$user" "$root/image"
python3 - "$root/image/acsauth-dev" <<'PY' || fail "the binary is not static"
import struct, sys
data = open(sys.argv[1], "rb").read(1 << 16)
offset, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
sys.exit(any(struct.unpack_from("<I", data, offset + i * size)[0] == 3 for i in range(count)))  # PT_INTERP
PY

# The inside of the container, as root only until it is set up.
cat >"$root/inside" <<'IN'
set -euo pipefail
ip link set lo up
mount --bind "$1" "$1"
mount --bind "$1/ca" "$1/ca"
mount -o remount,bind,ro "$1"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
uid=${2%:*} gid=${2#*:}
eval "entry=($3) health=($5)"
run="import os,sys; os.chroot(sys.argv[1]); os.chdir('/'); os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2])); os.execve(sys.argv[4], sys.argv[4:], {})"
python3 -c "$run" "$1" "$uid" "$gid" "${entry[@]}" >"$4/out" 2>"$4/err" &
emulator=$!
trap 'kill $emulator 2>/dev/null || true' EXIT
for i in $(seq 100); do
  python3 -c "$run" "$1" "$uid" "$gid" "${health[@]}" 2>/dev/null && break
  [ "$i" -lt 100 ] && kill -0 $emulator || { cat "$4/err" >&2; echo "never healthy" >&2; exit 1; }
  sleep 0.1
done
tenant=ac5a0000-0000-4000-a000-000000000001
config=$tenant/v2.0/.well-known/openid-configuration
curl -fsS "http://127.0.0.1:8081/$config" | grep -q "\"issuer\":\"http://127.0.0.1:8081/$tenant/v2.0\""
curl -fsS --cacert "$1/ca/emulator-ca.pem" "https://localhost:8083/$config" | grep -q "\"issuer\":\"https://localhost:8083/$tenant/v2.0\""
curl -fsS -X POST http://127.0.0.1:8082/token | grep -q access_token
grep -q '"connectionString":"endpoint=http://127.0.0.1:8081/' "$4/out"
grep -q "^Uid:[[:space:]]*$uid[[:space:]]" "/proc/$emulator/status"
grep -q '^CapEff:[[:space:]]*0*$' "/proc/$emulator/status"
! touch "$1/written" 2>/dev/null || { echo "the root is not read-only" >&2; exit 1; }
kill -TERM $emulator
wait $emulator
IN
unshare --net --mount bash "$root/inside" "$root/image" "$user" "$entry" "$root" "$health"
echo "1 passed, 0 failed"
