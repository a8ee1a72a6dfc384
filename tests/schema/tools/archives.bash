mkdir -p "$dir/archives"
# two_tenants DATABASE FIRST-ID: two chains that keep their public ids whatever numbers they get here.
two_tenants() {
  sql -d "$1" -v first="$2" -o /dev/null <<'SQL'
select setval(pg_get_serial_sequence('data.organizations', 'id'), :first), setval(pg_get_serial_sequence('data.stores', 'id'), :first),
       setval(pg_get_serial_sequence('data.gateways', 'id'), :first), setval(pg_get_serial_sequence('data.sensor_metadata', 'id'), :first);
insert into data.organizations (public_id, name) select md5('org ' || n)::uuid, 'Chain ' || n from generate_series(1, 2) n;
insert into data.stores (public_id, organization_id, node_id, name) select md5('store ' || o.name || n)::uuid, o.id, o.id, o.name || ' store ' || n from data.organizations o, generate_series(1, 3) n;
insert into data.gateways (organization_id, store_id, name) select organization_id, id, name from data.stores;
insert into data.sensor_metadata (public_id, organization_id, store_id, gateway_id, serial, name)
select md5('sensor ' || s.name)::uuid, s.organization_id, s.id, g.id, 'S', 'Door of ' || s.name from data.stores s join data.gateways g on g.store_id = s.id;
SQL
}
# The rows as anybody would know them, whatever their numbers.
known_rows() {
  sql -At -d "$1" -c "select md5(string_agg(x::text, '|' order by x::text)) || ' ' || count(*) from (
    select s.public_id, m.public_id, r.line, t.seq, t.label, r.started_at, r.received_at, r.duration_ms, r.count_in, r.count_out, r.revision, r.flags
      from data.people_counting_raw r join data.stores s on s.id = r.store_id and s.organization_id = r.organization_id
      join data.sensor_metadata m on m.id = r.sensor_id join private.slots t on t.store_id = r.store_id and t.slot = r.slot and t.sensor_id = r.sensor_id
     where r.started_at < '2021-01-01') as x"
}
step "archive what is beyond retention"
copy source
two_tenants source 100
sql -d source -o /dev/null <<'SQL'
insert into private.slots (store_id, slot, sensor_id, regional, label, seq) select m.store_id, 1, m.id, false, 'secret-line', 0 from data.sensor_metadata m;
select private.add_partition(t, '2020-01-01', '2020-02-01') from unnest('{people_counting_raw,regional_counting_raw,audit_log}'::text[]) t;
insert into data.people_counting_raw (started_at, received_at, duration_ms, organization_id, store_id, sensor_id, count_in, count_out, epoch, revision, flags, slot, line)
select '2020-01-02'::timestamptz + n * interval '1 minute', '2020-02-01', 60000, m.organization_id, m.store_id, m.id, n % 7, nullif(n % 5, 0), 1, 1 + n % 2, 0, 1, 'secret-line'
  from data.sensor_metadata m, generate_series(1, 9000) n;
insert into data.audit_log (organization_id, store_id, at, actor, action, table_name, row_id, new_values)
select s.organization_id, s.id, '2020-01-03', E'tab\tand\\slash', 'update', 'stores', s.id, '{"name": "quote \" and\nline"}' from data.stores s;
SQL
before=$(known_rows source)
says 2 "--to FOLDER" hq source archive expired
says 2 "there is no such folder" hq source archive expired --to "$dir/nowhere"
current=$(sql -At -d source -c "select partition_name from private.partition_bounds where table_name = 'audit_log' and from_at <= now() and to_at > now()")
says 1 "rows may still come" hq source archive "$current" --to "$dir/archives"
echo garbage >"$dir/archives/people_counting_raw_20200101.$(sql -At -d source -c "select md5('org 1')::uuid").lintel-archive.part"
answers 0 "[a['rows'] for a in d['archives']] == [3, 3, 27000, 27000]" hq source archive expired --to "$dir/archives"
says 0 "Nothing was left" hq source archive expired --to "$dir/archives"
answers 0 "len(d) == 4 and all(a['provider'] == 'file' and len(a['checksum']) == 64 for a in d)" hq source archive list
chain=$(sql -At -d source -c "select md5('org 1')::uuid")
file=$dir/archives/people_counting_raw_20200101.$chain.lintel-archive
[[ $(stat -c %a "$file") == 600 && $(sha256sum <"$file" | cut -d' ' -f1) == $(sql -At -d source -c "select checksum from private.archives where namespace = '$file'") ]] || fail "the file is not as registered"
[[ ! -e $file.part ]] || fail "a part is left"
grep -qa "secret-line" "$file" && fail "the file shows what is in it"
head -c 400 "$file" | grep -qa "\"organization\":\"$chain\"" || fail "the head does not say whose it is"
answers 0 "len(d['detached']) == 3 and not d['stayed']" hq source partitions detach --drop
[[ $(known_rows source) != "$before" ]] || fail "nothing left"

step "restore where it came from, and in another database"
says 0 "sound, 27000 rows" hq source restore "$file" --check
answers 0 "sum(r['added'] for r in d['restored']) == 54006 and all(r['registered'] for r in d['restored'])" hq source restore "$dir"/archives/*.lintel-archive
[[ $(known_rows source) == "$before" ]] || fail "other rows came back: $(known_rows source) instead of $before"
answers 0 "d['restored'][0]['added'] == 0" hq source restore "$file"
[[ $(sql -At -d source -c "select count(*) from data.audit_log where at < '2021-01-01' and actor = E'tab\tand\\\\slash' and new_values ->> 'name' = E'quote \" and\nline'") -eq 6 ]] || fail "the audit log came back changed"
says 0 "is kept by s3" hq source archive moved 1 --provider s3 --namespace bucket/a
copy elsewhere
two_tenants elsewhere 7000
sql -d elsewhere -c "insert into private.slots (store_id, slot, sensor_id, regional, label, seq) select m.store_id, 1, m.id, false, 'taken already', 0 from data.sensor_metadata m"
says 2 "does not have its key" hq elsewhere restore "$file"
for n in 1 2; do hq source archive key "$(sql -At -d source -c "select md5('org $n')::uuid")" --out "$dir/$n.key" >/dev/null; done
chmod 644 "$dir/1.key"
says 2 "chmod 600" hq elsewhere restore "$file" --key-file "$dir/1.key"
chmod 600 "$dir/1.key"
for n in 1 2; do hq elsewhere restore "$dir"/archives/people*"$(sql -At -d source -c "select md5('org $n')::uuid")"* --key-file "$dir/$n.key" >/dev/null; done
[[ $(known_rows elsewhere) == "$before" ]] || fail "another database got other rows: $(known_rows elsewhere) instead of $before"
answers 0 "not d['findings']" hq elsewhere audit --check data/orphans --check data/tenants

step "a file that was changed, cut or mixed up brings back nothing"
copy strange
two_tenants strange 50
refused() {
  says 1 "$1" hq strange restore "$2" --key-file "${3:-$dir/1.key}"
  [[ $(sql -At -d strange -c "select count(*) from data.people_counting_raw") -eq 0 ]] || fail "rows of a bad file came in"
}
size=$(stat -c %s "$file")
for at in 3 20 150 "$((size / 2))" "$((size - 1))"; do
  cp "$file" "$dir/bad"
  printf '\xff' | dd of="$dir/bad" bs=1 seek="$at" conv=notrunc status=none
  refused "" "$dir/bad"
done
for keep in 4 300 "$((size / 2))" "$((size - 1))"; do
  head -c "$keep" "$file" >"$dir/bad"
  refused "" "$dir/bad"
done
{ cat "$file"; echo more; } >"$dir/bad"
refused "something follows its end" "$dir/bad"
sed 's/"rows":27000/"rows":27001/' "$file" >"$dir/bad"
refused "it was changed or cut, or the key is another one" "$dir/bad"
refused "it was changed or cut, or the key is another one" "$file" "$dir/2.key"
refused "this is no archive" "$here/run_pgtap"
sql -d strange -c "delete from data.sensor_metadata where store_id = (select min(id) from data.stores)"
refused "restore the stores and sensors first" "$file"
sql -d strange -c "set session_replication_role = replica" -c "delete from data.organizations"
refused "has no organization" "$file"
