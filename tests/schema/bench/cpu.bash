# To be sourced after start_cluster, with $clients set.

# Processor time of all sessions that have ended, in seconds.
cpu_of_sessions() { awk -v hz="$(getconf CLK_TCK)" '{print ($16 + $17) / hz}' "/proc/$(head -n 1 "$dir/data/postmaster.pid")/stat"; }
# pgbench_cpu DATABASE SECONDS FIRST_MS SCRIPT OPTION...: sets $confirmed, how many were confirmed, and $spent, the processor time they took.
pgbench_cpu() {
  local before
  before=$(cpu_of_sessions)
  pgbench -n -M prepared -c $clients -j 2 -T "$2" -D n=0 -D start="$3" -f "$here/bench/$4" "${@:5}" "$1" >"$dir/pgbench.log" 2>&1 \
    || { cat "$dir/pgbench.log" >&2; exit 1; }
  while pgrep -P "$(head -n 1 "$dir/data/postmaster.pid")" -f "postgres: postgres $1" >/dev/null; do sleep 0.05; done
  confirmed=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$dir/pgbench.log")
  spent=$(awk -v before="$before" -v after="$(cpu_of_sessions)" 'BEGIN {print after - before}')
}
