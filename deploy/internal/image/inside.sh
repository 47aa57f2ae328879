# The inside of the container, as root only until it is set up. lib.sh starts it, with root, user, entry, health and volume.
set -euo pipefail
ip link set lo up
image=$root/image
mount --bind "$image" "$image"
mount --bind "$image/$volume" "$image/$volume"
mount -o remount,bind,ro "$image"
mount -t tmpfs -o mode=1777 tmpfs "$image/tmp"
eval "entry=($entry) health=($health)"
environment=() # what before adds to

become() { exec python3 deploy/internal/image/chroot.py "$image" "$user" "/$volume" "${#environment[@]}" "${environment[@]}" "$@"; }
as_image() { (become "$@"); }
before() { :; }
. "$root/script"
before
become "${entry[@]}" >"$root/out" 2>"$root/err" &
pid=$!
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for i in $(seq 100); do
  as_image "${health[@]}" 2>"$root/health" && break
  [ "$i" -lt 100 ] && kill -0 $pid || { cat "$root/out" "$root/err" "$root/health" >&2; echo "never healthy" >&2; exit 1; }
  sleep 0.1
done
checks
grep -q "^Uid:[[:space:]]*${user%:*}[[:space:]]" "/proc/$pid/status"
grep -q '^CapEff:[[:space:]]*0*$' "/proc/$pid/status"
! touch "$image/written" 2>/dev/null || { echo "the root is not read-only" >&2; exit 1; }
kill -TERM $pid
wait $pid
