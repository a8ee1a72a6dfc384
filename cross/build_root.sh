# shellcheck shell=bash
# A Debian of its own for each kind of machine: made by mmdebstrap from where apt takes its packages, entered by chroot
# in a mount namespace, gone from sight when the command ends. Sourced by cross/build, after gateway/dist/install.sh.
# Expects arch, keep, mirror, fresh and LINTEL_ROOT.

kSuite=bookworm

require_rights() {
  [ "$(id -u)" -eq 0 ] || die "only root can make a build root and enter it." "Try: sudo cross/build $arch"
  unshare --mount true 2>/dev/null ||
    die "this machine does not let root make a mount namespace, as in a container without rights." "Try a machine or virtual machine, or: docker run --privileged"
}

triplet_of() {
  case "$1" in
    amd64) echo x86-64-linux-gnu ;;
    arm64) echo aarch64-linux-gnu ;;
    armhf) echo arm-linux-gnueabihf ;;
  esac
}

# debian_sources: lines for sources.list. The suites of this release that apt here is set up for, and none of the
# other archives a machine may know; or --mirror.
debian_sources() {
  if [ -n "$mirror" ]; then
    printf 'deb %s %s main\n' "$mirror" "$kSuite"
    return
  fi
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$kSuite" '($2 == suite || $2 == suite "-updates" || $2 == suite "-security") && $3 == "main" { print "deb", $1, $2, $3 }' |
    sort -u
}

# Proxy and certificates of this machine's apt hold for the build root, too.
apt_options() {
  apt-config dump 2>/dev/null | grep -E '^Acquire::(https?|ftp)::' || true
}

# root_packages: tools as they are, libraries of the other architecture with its name behind.
root_packages() {
  local package everywhere
  everywhere=$(apt-cache show --no-all-versions $(package_list build) 2>/dev/null |
    awk '$1 == "Package:" { name = $2 } $0 == "Architecture: all" { print name }')
  package_list build | while read -r package; do
    case "$package" in
      lib* | *-dev)
        if [ "$arch" != "$(dpkg --print-architecture)" ] && [[ $'\n'$everywhere$'\n' != *$'\n'"$package"$'\n'* ]]; then
          package="$package:$arch"
        fi
        ;;
    esac
    printf '%s\n' "$package"
  done
  printf '%s\n' dpkg-dev file g++
  if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    printf '%s\n' "g++-$(triplet_of "$arch")" qemu-user-static
  fi
}

# debian_from SOURCES DIRECTORY ARCHITECTURES PACKAGES: what apt says is in DIRECTORY.log. A mirror whose security
# updates are half copied for an architecture holds nothing up, but is said.
debian_from() {
  local sources=$1 at=$2 options=() line
  while read -r line; do if [ -n "$line" ]; then options+=(--aptopt="$line"); fi; done < <(apt_options)
  while true; do
    rm -rf "$at"
    if printf '%s\n' "$sources" | mmdebstrap --dpkgopt=force-unsafe-io --variant=apt --architectures="$3" --include="$4" \
      "${options[@]}" "$kSuite" "$at" - >"$at.log" 2>&1; then
      return
    fi
    rm -rf "$at"
    if [[ $sources == *"$kSuite-security"* ]] && grep -q "^E: Failed to fetch .*$kSuite-security" "$at.log"; then
      say "note: the mirror's $kSuite-security is not whole for $3, so security updates are left out:"
      grep -m 1 "^E: Failed to fetch .*$kSuite-security" "$at.log" | sed 's/^E: /      /'
      sources=$(printf '%s\n' "$sources" | grep -v "$kSuite-security")
      continue
    fi
    grep -E '^(E|Err)' "$at.log" | tail -n 12 | sed 's/^/    /' >&2
    return 1
  done
}

# make_root makes $keep/$arch/root unless it is there with the packages that are wanted today.
make_root() {
  root="$keep/$arch/root"
  local wanted
  wanted=$(root_packages | sort -u) || exit 1
  if [ "$fresh" = no ] && [ -e "$root.wanted" ] && [ "$(cat "$root.wanted")" = "$wanted" ]; then return; fi
  local sources
  sources=$(debian_sources)
  [ -n "$sources" ] ||
    die "apt on this machine is not set up for Debian's $kSuite, so there is nothing to make a build root from." \
      "Try: cross/build $arch --mirror https://..."
  step "making the build root for $arch: a few minutes, about 1 GB in $root"
  mkdir -p "$keep/$arch"
  rm -f "$root.wanted"
  local architectures
  architectures=$(dpkg --print-architecture)
  if [ "$arch" != "$architectures" ]; then architectures+=,$arch; fi
  debian_from "$sources" "$root" "$architectures" "$(echo $wanted | tr ' ' ,)" ||
    die "the build root for $arch could not be made (whole log: $root.log)." "Is there a network? Try: apt-get update" \
      "Is the archive the one apt is set up for? Else: cross/build $arch --mirror https://..."
  mkdir -p "$root/src" "$root/build" "$root/ccache"
  printf '%s\n' "$wanted" >"$root.wanted"
}

# What every command finds inside: the source at /src, read-only, the build at /build, so that no path of this
# machine gets into a file.
kEnter='
  set -e
  root=$1 source=$2 build=$3 ccache=$4 binfmt=$5
  shift 5
  mount --bind "$source" "$root/src"
  mount -o remount,bind,ro "$root/src"
  mount --bind "$build" "$root/build"
  mount --bind "$ccache" "$root/ccache"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  mount -t tmpfs tmpfs "$root/tmp"
  if [ -n "$binfmt" ]; then
    mount -t binfmt_misc binfmt_misc "$root/proc/sys/fs/binfmt_misc"
    chroot "$root" sh -c "cat /usr/lib/binfmt.d/$binfmt.conf > /proc/sys/fs/binfmt_misc/register"
  fi
  exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8 TZ=UTC \
    SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" CCACHE_DIR=/ccache ${CCACHE_DISABLE:+CCACHE_DISABLE=1} "$@"
'

# inside BUILD COMMAND...
inside() {
  local at=$1
  shift
  unshare --mount --pid --fork --kill-child bash -c "$kEnter" bash "$root" "$LINTEL_ROOT" "$at" "$keep/ccache" "" "$@"
}

# within_emulation BUILD COMMAND...: the same, and programs of the other architecture can start each other. For that
# the kernel is told of qemu, in a user namespace of its own so that nobody else notices (Linux 6.7 and later). Where it
# cannot be told, tests that start lintel itself fail, and this says why.
within_emulation() {
  local at=$1 binfmt
  shift
  case "$arch" in
    arm64) binfmt=qemu-aarch64 ;;
    armhf) binfmt=qemu-arm ;;
    *) inside "$at" "$@"; return ;;
  esac
  local namespace=(unshare --user --map-root-user --mount --pid --fork --kill-child)
  if "${namespace[@]}" sh -c 'mount -t proc proc /proc && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc' 2>/dev/null; then
    "${namespace[@]}" bash -c "$kEnter" bash "$root" "$LINTEL_ROOT" "$at" "$keep/ccache" "$binfmt" "$@"
  else
    say "note: this kernel cannot be told of qemu for one command alone (that takes Linux 6.7); tests in which one"
    say "      program of $arch starts another need it machine-wide: apt-get install qemu-user-static binfmt-support"
    inside "$at" "$@"
  fi
}
