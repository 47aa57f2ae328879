# What the check.sh of the images have in common; each sources it in the root of the repository.
# It does what a container engine would do with a Dockerfile, without one: builds the binary with its command, and runs the entry
# point in a network of its own, on a read-only root that holds nothing else, as the user of the image.
# IMAGE_BINARY names a binary that was built before, to save the time.

fail() { echo "$*" >&2; exit 1; }
[ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] || fail "needs Linux and root: run it with sudo"
for c in unshare ip python3 curl openssl; do command -v "$c" >/dev/null || fail "$c is missing: apt-get install util-linux iproute2 python3 curl openssl"; done

list() { sed -n "s/^$1 \(\[.*\)/\1/p" <<<"$file" | python3 -c 'import json,shlex,sys; print(shlex.join(json.load(sys.stdin)))'; }

# image DOCKERFILE PROGRAM FOLDERS...: makes the root file system of the image in $root/image, and sets user, entry and health.
image() {
  file=$(sed -e ':a' -e '/\\$/{N;s/\\\n *//;ba' -e '}' "$1") # with its continuation lines joined
  user=$(sed -n 's/^USER //p' <<<"$file")
  entry="$(list ENTRYPOINT) $(list CMD)"
  health=$(list 'HEALTHCHECK.* CMD')
  local program=$2 build
  build=$(sed -n 's/^RUN \(CGO_ENABLED=0 .*go build .*\)/\1/p' <<<"$file")
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  shift 2
  mkdir -p "$root/image/tmp" "$root/image/dev" "${@/#/$root/image/}"
  if [ -n "${IMAGE_BINARY:-}" ]; then
    cp "$IMAGE_BINARY" "$root/image/$program"
  else
    TARGETOS=$(go env GOOS) TARGETARCH=$(go env GOARCH)
    eval "${build//-o \/image\//-o $root/image/}"
  fi
  chown -R "$user" "$root/image"
  python3 - "$root/image/$program" <<'PY' || fail "the binary is not static"
import struct, sys
data = open(sys.argv[1], "rb").read(1 << 16)
offset, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
sys.exit(any(struct.unpack_from("<I", data, offset + i * size)[0] == 3 for i in range(count)))  # PT_INTERP
PY
}

# run VOLUME: runs the image in a network and a mount namespace of its own. The folder VOLUME of it can be written, and /tmp.
# Its input is a script with the functions before, which may make what the program needs, and checks.
run() {
  cat >"$root/script"
  root=$root user=$user entry=$entry health=$health volume=$1 unshare --net --mount bash deploy/internal/image/inside.sh
  echo "1 passed, 0 failed"
}
