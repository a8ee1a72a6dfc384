# shellcheck shell=bash
# What gateway/run, tests/run and cross/build share: finding and installing Debian packages, and speaking to a person.
# Sourced, never run. Expects `set -euo pipefail` and LINTEL_ROOT (the clone).
#
# Promises: nothing that is installed already is touched; no package starts a service or creates a
# PostgreSQL cluster; what is put in place for that is removed again, also on Ctrl-C.

say() { printf '%s\n' "$*"; }
step() { if [ -t 1 ]; then printf '\033[1m==>\033[0m %s\n' "$*"; else printf '==> %s\n' "$*"; fi; }
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}

# package_list NAME... prints the packages of gateway/dist/packages/NAME.
package_list() {
  for name in "$@"; do
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$LINTEL_ROOT/gateway/dist/packages/$name"
  done
}

# A node that came from elsewhere stays: Debian's npm would replace or break it.
provided_otherwise() {
  case "$1" in
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    *) return 1 ;;
  esac
}

# missing_packages NAME... prints those of the lists that this machine does not have.
missing_packages() {
  local package
  package_list "$@" | awk '!seen[$0]++' | while read -r package; do
    if provided_otherwise "$package"; then continue; fi
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      printf '%s\n' "$package"
    fi
  done
}

require_debian() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    die "this machine has no apt: Lintel takes its dependencies from Debian 12." \
      "Try a Debian 12 machine, virtual machine or container."
  fi
  local version
  version=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-?}" "${VERSION_ID:-?}") || version="? ?"
  [ "$version" = "debian 12" ] || say "note: this is $version; Lintel is tested on Debian 12."
}

kPolicy=/usr/sbin/policy-rc.d
kPolicyMark="# put here by lintel while packages install"
kClusterConf=/etc/postgresql-common/createcluster.d/lintel-install.conf
install_log=""

hold_services() {
  if [ ! -e "$kPolicy" ] || grep -qsF "$kPolicyMark" "$kPolicy"; then
    printf '#!/bin/sh\n%s: no service starts\nexit 101\n' "$kPolicyMark" >"$kPolicy"
    chmod 755 "$kPolicy"
  fi
  mkdir -p "${kClusterConf%/*}"
  printf 'create_main_cluster = false\n' >"$kClusterConf"
}

release_services() {
  if grep -qsF "$kPolicyMark" "$kPolicy"; then rm -f "$kPolicy"; fi
  rm -f "$kClusterConf"
  rmdir --ignore-fail-on-non-empty "${kClusterConf%/*}" 2>/dev/null || true
}

# apt_install PACKAGE... with what apt says in $install_log; on a terminal one moving line.
apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@" </dev/null 2>&1 |
    tee -a "$install_log" |
    while read -r line; do
      if [ -t 1 ]; then case "$line" in Get:* | Unpacking* | Setting*) printf '\r\033[K    %.90s' "$line" ;; esac; fi
    done
  local code=${PIPESTATUS[0]}
  if [ -t 1 ]; then printf '\r\033[K'; fi
  return "$code"
}

apt_update() {
  apt-get update -o DPkg::Lock::Timeout=120 </dev/null >>"$install_log" 2>&1
}

apt_failed() {
  printf '\nlast lines of apt:\n' >&2
  grep -vE '^(Get|Hit|Reading|Building|Selecting|Preparing|Unpacking|Setting)' "$install_log" | tail -n 8 |
    sed 's/^/    /' >&2
  die "Debian's packages could not be installed (whole log: $install_log)." \
    "Is there a network? Try: apt-get update" \
    "Behind a proxy: echo 'Acquire::http::Proxy \"http://HOST:PORT\";' > /etc/apt/apt.conf.d/80proxy" \
    "Then run this again. Wanted: $*"
}

# disable_new_services PACKAGE...: what was just installed would start at the next boot; what was there before keeps its
# setting. Each of these packages has a service of its own name.
disable_new_services() {
  local service
  for service in mosquitto prometheus pgbouncer prometheus-postgres-exporter prometheus-node-exporter; do
    case " $* " in *" $service "*) ;; *) continue ;; esac
    if command -v deb-systemd-helper >/dev/null; then
      deb-systemd-helper disable "$service.service" >/dev/null 2>&1 || true
    fi
    update-rc.d "$service" disable >/dev/null 2>&1 || true
  done
}

# install_packages NAME... makes every package of the lists present, or ends with a message.
install_packages() {
  require_debian
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [ "${#missing[@]}" -eq 0 ]; then return; fi
  if [ "$(id -u)" -ne 0 ]; then
    die "these Debian packages are missing and only root can install them:" "  ${missing[*]}" \
      "Run this as root once, or: sudo apt-get install ${missing[*]}"
  fi
  step "installing ${#missing[@]} packages from Debian: ${missing[*]}"
  install_log=$(mktemp /tmp/lintel-install.XXXXXX.log)
  trap release_services EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  hold_services
  if ! apt-get install --simulate "${missing[@]}" >/dev/null 2>&1; then apt_update || true; fi
  if ! apt_install "${missing[@]}"; then
    # The lists may be older than the archive: once more with fresh ones.
    apt_update || true
    apt_install "${missing[@]}" || apt_failed "${missing[@]}"
  fi
  disable_new_services "${missing[@]}"
  release_services
  trap - EXIT INT TERM HUP
  rm -f "$install_log"
}

# Some environments (CI, services) come without HOME, which ccache and npm need. ccache is told that clones in
# different places hold the same sources.
prepare_environment() {
  if [ -z "${HOME:-}" ]; then HOME=$(getent passwd "$(id -u)" | cut -d: -f6); fi
  # Service accounts have a home that is not there; compiler cache and npm need one.
  if ! [ -w "${HOME:-}" ]; then
    HOME="$LINTEL_ROOT/.build/home"
    mkdir -p "$HOME" 2>/dev/null || HOME=/tmp
  fi
  export HOME CCACHE_BASEDIR="$LINTEL_ROOT" CCACHE_NOHASHDIR=1
}

# show_skipped LOG: what was not tested and what to do about it; ctest itself keeps that to its log.
show_skipped() {
  [ -r "$1" ] || return 0
  awk '/MESSAGE: SKIPPED: / { sub(/.*MESSAGE: /, ""); print; on = 0; next } /^SKIPPED: / { on = 1; print; next } on && /^  / { print; next } { on = 0 }' "$1"
}
