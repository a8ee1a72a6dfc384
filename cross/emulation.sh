# shellcheck shell=bash
# shellcheck disable=SC2016  # text for other shells
# Programs of another architecture that start each other, for one command alone. Sourced by cross/build_root.sh.

# The kernel is told of qemu inside a user namespace, so that nothing else on this machine notices (Linux 6.7 and later).
# It takes qemu from ROOT, and holds it open: it is found after any chroot.
kEmulate='
  set -e
  root=$1 format=$2
  shift 2
  mount -t proc proc /proc
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  chroot "$root" cat "/usr/lib/binfmt.d/$format.conf" >/proc/sys/fs/binfmt_misc/register
  exec "$@"
'

# emulated ARCHITECTURE ROOT COMMAND...: as root, with processes and mounts of its own. ROOT is a Debian with
# qemu-user-static for this machine's processor, or / . On a machine of that kind nothing of it is needed.
emulated() {
  local architecture=$1 qemu_root=$2 format gate code=0
  shift 2
  case "$architecture" in
    "$(dpkg --print-architecture)")
      unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc /proc && exec "$@"' sh "$@"
      return
      ;;
    arm64) format=qemu-aarch64 ;;
    armhf) format=qemu-arm ;;
    *) die "no emulator is known for $architecture." ;;
  esac
  gate=$(mktemp -d)
  mkfifo "$gate/there" "$gate/go"
  # All users are themselves in there. Only root may say so, from outside.
  { read -r pid <"$gate/there" && echo 0 0 65536 >"/proc/$pid/uid_map" && echo 0 0 65536 >"/proc/$pid/gid_map"; echo go >"$gate/go"; } &
  unshare --user sh -c 'gate=$1; emulate=$2; shift 2; echo $$ >"$gate/there"; read -r go <"$gate/go"
    exec unshare --mount --pid --fork --kill-child sh -c "$emulate" sh "$@"' sh "$gate" "$kEmulate" "$qemu_root" "$format" "$@" || code=$?
  wait $!
  rm -rf "$gate"
  return "$code"
}
