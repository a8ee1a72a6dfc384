# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016  # what cross/image/build has set; text for other shells
# The Debian that an image is made of: unpacked and configured by mmdebstrap for the board's architecture, kept, and
# made anew only when what is wanted of it has changed. Sourced by cross/image/build, after cross/build_root.sh.
# Expects board_dir, work (the board's folder), architecture, deb, mirror, fresh.

require_emulation() {
  emulated "$architecture" / true 2>/dev/null ||
    die "this kernel cannot be told of qemu for one command alone: that takes Linux 6.7 and qemu-user-static." \
      "Try a newer kernel, or build on a 64-bit ARM machine."
}

# inside ROOT COMMAND...: in that Debian, with its own processes.
inside_root() {
  local at=$1
  shift
  emulated "$architecture" / sh -c '
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
      SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$@"
  ' sh "$at" "$@" </dev/null
}

list_of() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }

# What stays out of every image, and of this board's.
left_out() {
  list_of "$here/left_out"
  if [ -e "$board_dir/left_out" ]; then list_of "$board_dir/left_out"; fi
}

# What the package lintel asks for, without versions and alternatives.
needed_by() { dpkg-deb --field "$1" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*)//; s/ //g'; }

image_packages() { { list_of "$here/packages" "$board_dir/packages"; needed_by "$deb"; } | sort -u; }

# Debian's archive as for the build roots, with the firmware that may be passed on but not changed.
image_sources() { debian_sources | sed 's/ main$/ main non-free-firmware/'; }

# make_base makes $work/base: Debian's packages, nothing of ours.
make_base() {
  base=$work/base
  local wanted sources options=() line
  wanted=$(image_packages; left_out; echo "boot: ${boot_packages:-}")
  if [ "$fresh" = no ] && [ -e "$base.wanted" ] && [ "$(cat "$base.wanted")" = "$wanted" ]; then return; fi
  sources=$(image_sources)
  [ -n "$sources" ] || die "apt on this machine is not set up for Debian's $kSuite." "Try: --mirror https://..."
  step "unpacking and configuring Debian for $board: ten minutes, in $base"
  rm -rf "$base" "$base.wanted"
  while read -r line; do if [ -n "$line" ]; then options+=(--aptopt="$line"); fi; done < <(apt_options)
  while read -r line; do options+=(--dpkgopt="path-exclude=$line"); done < <(left_out)
  options+=(--essential-hook='grep -v "^#" '"$here/users"' | while read -r name number home; do
    echo "$name:x:$number:$number::$home:/usr/sbin/nologin" >>"$1/etc/passwd" && echo "$name:x:$number:" >>"$1/etc/group" &&
    echo "$name:!:1::::::" >>"$1/etc/shadow" || exit 1; done')
  # Host keys are each gateway's own: here an emulator would spend minutes on some that are thrown away.
  options+=(--essential-hook='mkdir -p "$1/etc/ssh" && touch "$1/etc/ssh/ssh_host_rsa_key" "$1/etc/ssh/ssh_host_ecdsa_key" "$1/etc/ssh/ssh_host_ed25519_key"')
  # Files of the boot packages lie beside the root: they are on the boot partition only.
  options+=(--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr)
  options+=(--customize-hook='mkdir -p "$1/boot-packages" && cd "$1/boot-packages" && for p in '"${boot_packages:-}"'; do
    APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download "$p" && dpkg-deb --extract "$p"_*.deb . && rm "$p"_*.deb || exit 1; done')
  # The initramfs is made when our files are in.
  if ! printf '%s\n' "$sources" | INITRD=No emulated "$architecture" / mmdebstrap --mode=root --variant=essential --architectures="$architecture" \
    --dpkgopt=force-unsafe-io --aptopt='APT::Install-Recommends "false"' --include="$(image_packages | paste -sd,)" \
    --skip=check/empty "${options[@]}" "$kSuite" "$base" - >"$base.log" 2>&1; then
    grep -E '^(E|Err|dpkg: error)|rror' "$base.log" | tail -n 12 | sed 's/^/    /' >&2
    die "the board's Debian could not be made (whole log: $base.log)." "Is there a network? Try: apt-get update"
  fi
  printf '%s\n' "$wanted" >"$base.wanted"
}
