# shellcheck shell=bash
# A Debian of its own for each kind of machine: made by mmdebstrap from where apt takes its packages, entered in a
# mount namespace, gone from sight when the command ends. Sourced by cross/build, after gateway/dist/install.sh.
# Expects arch, keep, mirror, fresh and LINTEL_ROOT.
# shellcheck source-path=SCRIPTDIR
. "$LINTEL_ROOT/cross/emulation.sh"

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
  printf '%s\n' ca-certificates dpkg-dev file g++ mount openssl
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
  step "making the build root for $arch: a few minutes, 1.2 GB in $root"
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
# machine gets into a file. Not by chroot: tests make user namespaces, which the kernel refuses inside one.
kEnter='
  set -e
  root=$1 source=$2 build=$3 ccache=$4
  shift 4
  mount --bind "$root" "$root"
  mount --bind "$source" "$root/src"
  mount -o remount,bind,ro "$root/src"
  mount --bind "$build" "$root/build"
  mount --bind "$ccache" "$root/ccache"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  mount -t tmpfs tmpfs "$root/tmp"
  # What the kernel was told of qemu lasts as long as this is mounted somewhere.
  if mountpoint -q /proc/sys/fs/binfmt_misc; then mount -t binfmt_misc binfmt_misc "$root/proc/sys/fs/binfmt_misc"; fi
  cd "$root"
  pivot_root . mnt
  /bin/umount --lazy /mnt
  exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8 TZ=UTC \
    SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" CCACHE_DIR=/ccache ${CCACHE_DISABLE:+CCACHE_DISABLE=1} "$@"
'

# inside BUILD COMMAND...
inside() {
  local at=$1
  shift
  unshare --mount --pid --fork --kill-child bash -c "$kEnter" bash "$root" "$LINTEL_ROOT" "$at" "$keep/ccache" "$@"
}

# within_emulation BUILD COMMAND...: the same, and programs of the other architecture can start each other. Where the
# kernel cannot be told of qemu, tests that start lintel itself fail, and this says why.
within_emulation() {
  local at=$1
  shift
  if emulated "$arch" "$root" true 2>/dev/null; then
    emulated "$arch" "$root" bash -c "$kEnter" bash "$root" "$LINTEL_ROOT" "$at" "$keep/ccache" "$@"
  else
    say "note: this kernel cannot be told of qemu for one command alone (that takes Linux 6.7); tests in which one"
    say "      program of $arch starts another need it machine-wide: apt-get install qemu-user-static binfmt-support"
    inside "$at" "$@"
  fi
}
