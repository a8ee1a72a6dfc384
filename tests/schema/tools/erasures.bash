step "a tenant is forgotten, and stays so"
[[ -n ${chain:-} ]] || . "$tools/archives.bash"
"$bin/pg_dump" -Fc -f "$dir/backup" source
says 2 "3 stores with all their readings, 0 people, 2 archives" hq source erase organization "$chain" --tombstones "$dir/tombstones"
says 2 "--tombstones FILE" hq source erase organization "$chain" --yes
says 1 "there is no tenant" hq source erase organization 00000000-0000-4000-8000-000000000000 --tombstones "$dir/tombstones" --yes
answers 0 "d['counts']['people_counting_raw'] == 27000 and d['tombstones']['count'] == 1 and len(d['files']['removed']) == 1 and d['files']['to_remove'] == [{'provider': 's3', 'namespace': 'bucket/a'}]" \
  hq source erase organization "$chain" --tombstones "$dir/tombstones" --yes
[[ $(stat -c %a "$dir/tombstones") == 600 ]] || fail "others may read the tombstones"
[[ $(sql -At -d source -c "select count(*) from data.organizations where public_id = '$chain'") -eq 0 ]] || fail "it is still there"
[[ $(sql -At -d source -c "select count(*) from data.people_counting_raw") -eq 27000 ]] || fail "the neighbour lost rows"
answers 0 "d['counts']['people_counting_raw'] == 27000" hq source erase organization "$chain" --tombstones "$dir/tombstones" --yes
cp "$dir/archives/audit_log_20200101.$chain.lintel-archive" "$dir/kept" 2>/dev/null || cp "$dir/archives/people_counting_raw_20200101.$chain.lintel-archive" "$dir/kept"
says 1 "was erased: nothing of it is restored" hq source restore "$dir/kept" --key-file "$dir/1.key"

step "a backup from before brings it back until the tombstones are replayed"
createdb restored
"$bin/pg_restore" -d restored "$dir/backup"
[[ $(sql -At -d restored -c "select count(*) from data.people_counting_raw") -eq 54000 ]] || fail "the backup is not from before"
answers 0 "len(d['erased_again']) == 1" hq restored erase replay "$dir/tombstones"
[[ $(sql -At -d restored -c "select count(*) from data.people_counting_raw") -eq 27000 ]] || fail "it is still there"
[[ $(sql -At -d restored -c "select count(*) from data.organizations where public_id = '$chain'") -eq 0 ]] || fail "it is still there"
answers 0 "d['erased_again'] == []" hq restored erase replay "$dir/tombstones"
says 2 "is no file of tombstones" hq restored erase replay "$file.nothing"

step "a person is forgotten"
sql -d source -c "insert into data.user_profiles (id, organization_id, role, display_name) select '00000000-0000-4000-8000-000000000009', id, 'auditor', 'Ann' from data.organizations limit 1"
says 2 'forgets "Ann" for good' hq source erase person 00000000-0000-4000-8000-000000000009 --tombstones "$dir/tombstones"
answers 0 "d['counts']['user_profiles'] == 1 and d['tombstones']['count'] == 2" hq source erase person 00000000-0000-4000-8000-000000000009 --tombstones "$dir/tombstones" --yes

step "a store is forgotten, and neither an archive of its organization nor a backup brings it back"
store=$(sql -At -d source -c "select md5('store Chain 21')::uuid")
second=$(sql -At -d source -c "select md5('org 2')::uuid")
other=$dir/archives/people_counting_raw_20200101.$second.lintel-archive
says 2 'forgets store "Chain 2 store 1" of Chain 2 for good: 1 gateway, 1 sensor and all' hq source erase store "$store" --tombstones "$dir/tombstones"
says 1 "there is no store" hq source erase store 00000000-0000-4000-8000-000000000000 --tombstones "$dir/tombstones" --yes
answers 0 "d['store'] == '$store' and d['counts']['people_counting_raw'] == 9000 and d['counts']['stores'] == 1 and d['tombstones']['count'] == 3 and {'provider': 'file', 'namespace': '$other'} in d['archives']" \
  hq source erase store "$store" --tombstones "$dir/tombstones" --yes
answers 0 "d['counts']['people_counting_raw'] == 9000" hq source erase store "$store" --tombstones "$dir/tombstones" --yes
[[ $(sql -At -d source -c "select count(*) from data.people_counting_raw") -eq 18000 ]] || fail "it is still there, or the organization's other stores lost rows"
for archive in "$dir"/archives/*."$second".lintel-archive; do
  answers 0 "d['restored'][0]['added'] == 0" hq source restore "$archive"
done
sql -d source -c "delete from data.people_counting_raw"
answers 0 "d['restored'][0]['rows'] == 27000 and d['restored'][0]['added'] == 18000" hq source restore "$other"
answers 0 "len(d['erased_again']) == 1 and d['erased_again'][0]['subject'].startswith('store ')" hq restored erase replay "$dir/tombstones"
[[ $(sql -At -d restored -c "select count(*) from data.people_counting_raw") -eq 18000 ]] || fail "the backup brought the store back"
[[ $(sql -At -d restored -c "select count(*) from data.stores where public_id = '$store'") -eq 0 ]] || fail "the backup brought the store back"
answers 0 "not d['findings']" hq source audit --check data/orphans --check data/tenants
