step "as a deployer who is no superuser, in a database like Supabase's"
# The cluster has the roles already, from the deploy before.
sql -d postgres <<'SQL'
create role supabase_postgres login createrole createdb;
create database supabase owner supabase_postgres;
\connect supabase
create schema extensions authorization supabase_postgres;
create extension pgcrypto with schema extensions;
alter default privileges for role supabase_postgres grant all on tables to anon, authenticated;
alter default privileges for role supabase_postgres grant all on functions to anon, authenticated;
SQL
as_deployer() { "$hq_program" "$1" --db "host=$dir port=5432 dbname=supabase user=supabase_postgres" "${@:2}"; }
answers 0 "d['complete']" as_deployer deploy
answers 0 "not d['findings']" as_deployer audit
says 2 "grant lintel_hq to current_user;" as_deployer fleet
psql -X -q -d supabase -U supabase_postgres -c "grant lintel_hq to current_user"
says 0 "0 of 0 stores are blind" as_deployer fleet
says 0 "days" as_deployer partitions
sql -d supabase -c "set role supabase_postgres" -c "select private.set_signing_key('', repeat('k', 32))" -c "select private.add_store('Chain', 'North', 'Europe/Berlin')" -o /dev/null
answers 0 "len(d['token']) == 39" as_deployer enrol North
old=$(sql -At -d supabase -c "select private.add_partition('people_counting_raw', '2020-01-01', '2020-02-01')")
sql -d supabase -c "insert into partitions.$old (started_at, received_at, organization_id, store_id, slot, sensor_id, count_in, epoch) select '2020-01-05', now(), s.organization_id, s.id, 1, 1, 1, 1 from data.stores s"
mkdir -p "$dir/hosted"
answers 0 "[a['rows'] for a in d['archives']] == [1]" as_deployer archive expired --to "$dir/hosted"
answers 0 "d['detached'][0]['archived'] == 1" as_deployer partitions detach --drop
says 0 "sound, 1 rows" as_deployer restore --check "$dir"/hosted/*
says 0 "is as the schema says" as_deployer types cpp --check "$(readlink -f "$here/../../schema/types")/rows.hpp"
