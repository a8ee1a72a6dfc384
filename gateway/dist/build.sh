# shellcheck shell=bash
# What gateway/run and schema/run share: building the release. Sourced after install.sh.

# build TARGET... into .build/release, with ninja's progress on one line.
build() {
  step "building ($*)"
  cd "$LINTEL_ROOT"
  if ! { mkdir -p .build && [ -w .build ]; }; then
    die "cannot write to $LINTEL_ROOT/.build." "Clone to a place of your own, or run this as its owner."
  fi
  local log
  log=$(mktemp /tmp/lintel-build.XXXXXX.log)
  if ! { cmake --preset release >"$log" 2>&1 && build_targets "$log" "$@"; }; then
    grep -E 'error|Error|FAILED' -A 5 "$log" | head -n 40 >&2 || tail -n 40 "$log" >&2
    die "the build failed (whole log: $log)."
  fi
  rm -f "$log"
}

build_targets() {
  local log=$1
  shift
  cmake --build --preset release --target "$@" 2>&1 | tee -a "$log" | while read -r line; do
    if [ -t 1 ]; then printf '\r\033[K    %.100s' "$line"; fi
  done
  local code=${PIPESTATUS[0]}
  if [ -t 1 ]; then printf '\r\033[K'; fi
  return "$code"
}
