need pgbouncer pgbouncer
step "many clients share few connections, as the shipped file says"
clients=${LINTEL_POOL_CLIENTS:-1000}
sed -e "s#/var/run/postgresql/pgbouncer.pid#$dir/pgbouncer.pid#; s#/var/log/postgresql#$dir#; s#=/var/run/postgresql#=$dir#; s#= /var/run/postgresql#= $dir#" \
  -e "s#dbname=lintel#dbname=shipped#; s#^listen_addr.*#listen_addr =#; s#^auth_type.*#auth_type = trust#; s#^auth_file.*#auth_file = $dir/userlist#" \
  "$(readlink -f "$here/../../schema/pgbouncer/pgbouncer.ini")" >"$dir/pgbouncer.ini"
echo '"postgres" ""' >"$dir/userlist"
chmod 755 "$dir" && chmod 644 "$dir/pgbouncer.ini" "$dir/userlist"
(cd "$dir" && exec "${as_server[@]}" bash -c "ulimit -n $((clients + 2000)); exec pgbouncer -d '$dir/pgbouncer.ini'")
eventually "the start of PgBouncer" test -s "$dir/pgbouncer.pid"  # it is there a moment after its parent ended
others+=("$(cat "$dir/pgbouncer.pid")")
printf '%s\n' "select set_config('request.jwt.claims', '{}', true);" >"$dir/ask.sql"
# clients_ask SCRIPT TRANSACTIONS: every client connects, then each asks so often.
clients_ask() {
  (ulimit -n $((clients + 2000)) && env -u PGOPTIONS timeout 240 pgbench -h "$dir" -p 6432 -n -M simple -c "$clients" -j 2 -t "$2" -f "$1" lintel >"$dir/pgbench.log" 2>&1) || fail "$(cat "$dir/pgbench.log")"
  grep -q "number of transactions actually processed: $(($2 * clients))/" "$dir/pgbench.log" || fail "not everybody was served: $(cat "$dir/pgbench.log")"
}
backends() { sql -At -d shipped -c "select count(*) from pg_stat_activity where datname = 'shipped' and pid <> pg_backend_pid()"; }
clients_ask "$dir/ask.sql" 3
served=$(backends)
echo "$clients clients were served by $served connections; $(sed -n 's/^tps = \([0-9]*\).*/\1/p' "$dir/pgbench.log") transactions a second, $(sed -n 's/^initial connection time = //p' "$dir/pgbench.log") to connect"
[[ $served -le 60 && $served -gt 0 ]] || fail "$served connections"

step "all of them are connected at the same time"
{ cat "$dir/ask.sql"; echo '\sleep 2 s'; } >"$dir/stay.sql"
clients_ask "$dir/stay.sql" 2 &
staying=$!
most=0
while kill -0 $staying 2>/dev/null; do
  now=$(PGOPTIONS="" psql -X -At -F ' ' -h "$dir" -p 6432 pgbouncer -c "show lists" 2>/dev/null | awk '$1 == "used_clients" { print $2 }') || now=0
  if [[ ${now:-0} -gt $most ]]; then most=$now; fi
  sleep 0.2
done
wait $staying || fail "$(cat "$dir/pgbench.log")"
echo "$most client connections at once, $(backends) connections to PostgreSQL"
[[ $most -ge $clients ]] || fail "only $most of $clients were connected at once"
