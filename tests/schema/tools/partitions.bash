step "partitions ahead and back"
copy parts
answers 0 "{t['table'] for t in d['tables']} == {'audit_log', 'people_counting_raw', 'regional_counting_raw'} and all(t['reserve_days'] >= 80 for t in d['tables'])" hq parts partitions
says 0 "Nothing was missing" hq parts partitions create
answers 0 "len(d['made']) == 9" hq parts partitions create --until "$(date -d '+6 months' +%Y-%m-%d)"
sql -d parts -c "drop table partitions.people_counting_raw_$(date -d "$(date +%Y-%m-01) +1 month" +%Y%m%d)"
says 1 "lintel-hq partitions create" hq parts partitions
answers 0 "len(d['made']) == 1" hq parts partitions create
says 2 "belong to partitions detach" hq parts partitions show --drop

step "what nobody needs leaves, and nothing else"
says 0 "No partition is beyond retention" hq parts partitions detach
old=$(sql -At -d parts -c "select private.add_partition('people_counting_raw', '2020-01-01', '2020-02-01')")
needed=$(sql -At -d parts -c "select partition_name from private.partition_bounds where table_name = 'people_counting_raw' and from_at <= now() and to_at > now()")
sql -d parts <<'SQL'
select private.add_store('Chain', 'North', 'Europe/Berlin') \g /dev/null
insert into data.people_counting_raw (started_at, received_at, organization_id, store_id, slot, sensor_id, count_in, epoch)
select '2020-01-05'::timestamptz + n * interval '1 minute', now(), s.organization_id, s.id, 1, 1, 1, 1 from data.stores s, generate_series(1, 10) n;
SQL
says 1 "$needed is not beyond" hq parts partitions detach "$needed"
answers 1 "'holds 10 rows, and registered archives 0' in d['stayed'][0]['reason'] and not d['detached']" hq parts partitions detach
answers 0 "d['detached'] == [{'partition': '$old', 'rows': 10, 'archived': 0, 'dropped': False}]" hq parts partitions detach --without-archive
[[ $(sql -At -d parts -c "select count(*) from partitions.$old") -eq 10 ]] || fail "what was only detached is gone"
empty=$(sql -At -d parts -c "select private.add_partition('people_counting_raw', '2020-03-01', '2020-04-01')")
says 0 "detached and dropped" hq parts partitions detach --drop
[[ $(sql -At -d parts -c "select to_regclass('partitions.$empty') is null") == t ]] || fail "it was not dropped"
says 2 "there is no partition" hq parts partitions detach nonsense
