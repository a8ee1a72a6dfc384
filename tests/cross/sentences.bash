# shellcheck shell=bash
# What the tests of this folder are written in: sentences that hold or do not. Sourced.
failed=0
dir=$(mktemp -d /tmp/lintel-cross.XXXXXX)
trap 'rm -rf "$dir"' EXIT

# holds SENTENCE COMMAND...: prints the sentence; what the command says only when it fails. Inside the command `set -e` is
# without effect, as in any condition: a function of several steps joins them by &&.
holds() {
  local sentence=$1
  shift
  if "$@" >"$dir/said" 2>&1; then
    printf 'ok      %s\n' "$sentence"
  else
    printf 'FAILED  %s\n' "$sentence"
    sed 's/^/          /' "$dir/said" | head -n 40
    failed=1
  fi
}

# need PROGRAM PACKAGE: skips visibly where it is missing, fails where everything is to be there.
need() {
  if command -v "$1" >/dev/null; then return; fi
  if [ "${LINTEL_TEST_REQUIRE_ALL:-}" = 1 ]; then
    echo "FAILED: $1 is missing, install $2"
    exit 1
  fi
  printf 'SKIPPED: %s is missing\n  install it: apt-get install %s\n' "$1" "$2"
  exit 77
}

finish() {
  exit "$failed"
}
