need pgbackrest pgbackrest
# The server's user runs it, and need not be able to look into the build.
install -m 755 "$hq_program" "$dir/lintel-hq"
shipped_conf=$(readlink -f "$here/../../schema/backup/pgbackrest.conf")
as_postgres() { "${as_server[@]}" env PGBACKREST_REPO1_CIPHER_PASS=secret-of-the-repository "$@"; }
drill() { as_postgres "$dir/lintel-hq" drill --db "host=$dir port=5432 dbname=$1" --stanza lintel --config "$dir/pgbackrest.conf" "${@:2}"; }

step "backups as the shipped files say"
sed -e "s#=/var/lib/pgbackrest#=$dir/repo#; s#=/var/spool/pgbackrest#=$dir/spool#; s#=/var/log/pgbackrest#=$dir/pgbackrest-log#; s#=/tmp/pgbackrest#=$dir/lock#" \
  -e "s#^pg1-path=.*#pg1-path=$dir/data#; s#^pg1-socket-path=.*#pg1-socket-path=$dir#" "$shipped_conf" >"$dir/pgbackrest.conf"
echo "pg1-user=postgres" >>"$dir/pgbackrest.conf"
"${as_server[@]}" mkdir "$dir/repo" "$dir/spool" "$dir/pgbackrest-log" "$dir/lock"
chmod 755 "$dir"
restart_with "-c wal_level=replica -c archive_mode=on -c archive_timeout=60 -c archive_command='PGBACKREST_REPO1_CIPHER_PASS=secret-of-the-repository pgbackrest --config=$dir/pgbackrest.conf --stanza=lintel archive-push %p'"
sql -d shipped -o /dev/null <<SQL
\ir $here/pgtap/setup.psql
select pg_temp.become_store('north');
select pg_temp.sync(0, 5, (select jsonb_agg(pg_temp.reading(date_trunc('hour', now()) - n * interval '7 minutes', n)) from generate_series(1, 5) n));
commit;
SQL
quietly as_postgres pgbackrest --config="$dir/pgbackrest.conf" --stanza=lintel stanza-create
quietly as_postgres pgbackrest --config="$dir/pgbackrest.conf" --stanza=lintel --type=full backup

step "a table is dropped; the drill goes back to the moment before"
# pgBackRest knows a backup's end to the second, and goes back to a moment after that second only.
sql -d shipped -o /dev/null -c "select pg_sleep(1 - extract(epoch from clock_timestamp()) % 1)"
sql -d shipped -c "insert into data.stores (organization_id, node_id, name) select id, id, 'after the backup' from data.organizations"
before=$(sql -At -d shipped -c "select clock_timestamp()")
sql -d shipped -c "select pg_sleep(0.01)" -o /dev/null
sql -d shipped -c "drop table data.hourly_analytics cascade"
sql -d shipped -c "select pg_switch_wal()" -o /dev/null
says 2 "is there already" drill shipped --into "$dir/data"
says 2 "without blanks and quotes" drill shipped --into "$dir/it's"
answers 0 "d['sound'] and d['rto_s'] > 0 and d['rpo_s'] is not None and {t['table']: t['restored'] for t in d['tables']}['stores'] == 2 and [t for t in d['tables'] if t['table'] == 'hourly_analytics'][0]['running'] is None and [t for t in d['tables'] if t['table'] == 'hourly_analytics'][0]['restored'] > 0" \
  drill shipped --into "$dir/drill" --at "$before" --report "$dir/repo/report.json"
python3 -c "import json; d = json.load(open('$dir/repo/report.json')); print('RTO', d['rto_s'], 's; RPO', d['rpo_s'], 's; recovered to', d['recovered_to'])"
[[ ! -e $dir/drill ]] || fail "the drill left its folder"
says 0 "it goes on running" drill shipped --into "$dir/kept" --at "$before" --keep
rows=$("$bin/pg_dump" -h "$dir/kept" -U postgres -t data.hourly_analytics --data-only --inserts shipped | grep -c "INSERT INTO data.hourly_analytics")
server pg_ctl -D "$dir/kept/data" -m immediate -s stop
[[ $rows -gt 0 ]] || fail "the table cannot be taken out of the restored server"

step "a backup that cannot be restored is said"
says 1 "pgbackrest could not restore stanza nothing" as_postgres "$dir/lintel-hq" drill --db "host=$dir port=5432 dbname=shipped" --stanza nothing --config "$dir/pgbackrest.conf" --into "$dir/never"
[[ ! -e $dir/never ]] || fail "it left its folder"
