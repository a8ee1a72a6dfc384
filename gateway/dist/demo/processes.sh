# shellcheck shell=bash
# The demo's directory, its unprivileged user, and the processes it started: these and no others are ended.

demo=""     # the directory of this run, below /tmp
runner=()   # prefix that makes a command run as the unprivileged user
names=()    # what was started, in order
pids=()

# Gives this run its directory and the way to end it.
prepare_demo() {
  umask 022
  demo=$(mktemp -d /tmp/lintel-demo.XXXXXX)
  trap finish EXIT
  trap 'printf "\n"; exit 130' INT
  trap 'exit 143' TERM HUP
  mkdir -p "$demo"/{bin,log,state,spool,hq,broker,links.d,sensors.d,dev/serial/by-id}
  cp "$LINTEL_ROOT"/.build/release/lintel "$LINTEL_ROOT"/.build/release/tests/support/{postgrest_standin,virtual_store} "$demo/bin/"
  cp -R "$LINTEL_ROOT/schema/postgres" "$demo/schema"
  if [ "$(id -u)" -eq 0 ]; then
    if ! getent passwd lintel >/dev/null; then
      useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lintel
    fi
    chown -R lintel: "$demo"
    runner=(setpriv --reuid lintel --regid "$(id -g lintel)" --init-groups --no-new-privs)
  fi
  chmod 755 "$demo"
}

# as_runner COMMAND... in the demo's directory, with an environment of its own.
as_runner() { (cd "$demo" && HOME="$demo" "${runner[@]}" "$@"); }

# launch NAME COMMAND... in the background, output to log/NAME. A session of its own keeps the terminal's
# Ctrl-C from it: the end comes from finish(), or from the kernel if this script is killed.
launch() {
  local name=$1
  shift
  (cd "$demo" && HOME="$demo" exec setsid setpriv --pdeathsig TERM "${runner[@]:1}" "$@") \
    >"$demo/log/$name" 2>&1 </dev/null &
  names+=("$name")
  pids+=($!)
}

# pid_of NAME
pid_of() {
  local i
  for i in "${!names[@]}"; do if [ "${names[$i]}" = "$1" ]; then printf '%s' "${pids[$i]}"; fi; done
}

require_alive() {
  local i
  for i in "${!names[@]}"; do
    if ! kill -0 "${pids[$i]}" 2>/dev/null; then
      say ""
      tail -n 15 "$demo/log/${names[$i]}" | sed 's/^/    /' >&2
      die "${names[$i]} has ended, which it should not have (its last words are above)."
    fi
  done
}

# wait_for WHAT SECONDS COMMAND... until the command succeeds.
wait_for() {
  local what=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    require_alive
    if [ "$SECONDS" -ge "$deadline" ]; then die "$what did not happen in time." "Logs: $demo/log"; fi
    sleep 0.1
  done
}

# end_process PID: asked to end, and killed if it does not within ten seconds.
end_process() {
  kill -TERM "$1" 2>/dev/null || return 0
  local i
  for i in $(seq 100); do
    if ! kill -0 "$1" 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
}

# Runs at every exit: ends what was started, last first, and clears up.
finish() {
  local code=$? i
  trap '' INT TERM HUP
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do end_process "${pids[$i]}"; done
  if [ "$keep" = yes ] || { [ "$code" -ne 0 ] && [ "$code" -ne 130 ]; }; then
    say "Logs and databases are kept in $demo"
  else
    rm -rf "$demo"
  fi
  exit "$code"
}

# port_taken PORT on loopback or on all addresses; sets `owner` where this user may see it.
port_taken() {
  owner=""
  if ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 1; fi
  if command -v ss >/dev/null; then
    owner=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | head -n 1)
  fi
}

free_port() {
  local candidate
  while :; do
    candidate=$((20000 + RANDOM % 10000))
    if ! port_taken "$candidate"; then
      printf '%s' "$candidate"
      return
    fi
  done
}
