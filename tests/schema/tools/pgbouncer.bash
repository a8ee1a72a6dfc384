need pgbouncer pgbouncer
step "many clients share few connections, as the shipped file says"
clients=${LINTEL_POOL_CLIENTS:-1000}
sed -e "s#/var/run/postgresql/pgbouncer.pid#$dir/pgbouncer.pid#; s#/var/log/postgresql#$dir#; s#=/var/run/postgresql#=$dir#; s#= /var/run/postgresql#= $dir#" \
  -e "s#dbname=lintel#dbname=shipped#; s#^listen_addr.*#listen_addr =#; s#^auth_type.*#auth_type = trust#; s#^auth_file.*#auth_file = $dir/userlist#" \
  "$(readlink -f "$here/../../schema/pgbouncer/pgbouncer.ini")" >"$dir/pgbouncer.ini"
echo '"postgres" ""' >"$dir/userlist"
chmod 755 "$dir" && chmod 644 "$dir/pgbouncer.ini" "$dir/userlist"
(cd "$dir" && exec "${as_server[@]}" bash -c "ulimit -n $((clients + 1000)); exec pgbouncer -d '$dir/pgbouncer.ini'")
others+=("$(cat "$dir/pgbouncer.pid")")
printf '%s\n' "select set_config('request.jwt.claims', '{}', true);" >"$dir/ask.sql"
(ulimit -n $((clients + 1000)) && env -u PGOPTIONS timeout 120 pgbench -h "$dir" -p 6432 -n -M simple -c "$clients" -j 2 -t 3 -f "$dir/ask.sql" lintel >"$dir/pgbench.log" 2>&1) || fail "$(cat "$dir/pgbench.log")"
grep -q "number of transactions actually processed: $((3 * clients))/" "$dir/pgbench.log" || fail "not everybody was served: $(cat "$dir/pgbench.log")"
backends=$(sql -At -d shipped -c "select count(*) from pg_stat_activity where datname = 'shipped' and pid <> pg_backend_pid()")
echo "$clients clients were served by $backends connections; $(sed -n 's/^tps = \([0-9]*\).*/\1/p' "$dir/pgbench.log") transactions a second, $(sed -n 's/^initial connection time = //p' "$dir/pgbench.log") to connect"
[[ $backends -le 60 && $backends -gt 0 ]] || fail "$backends connections"
