step "audit policies: planted faults"
copy policies
sql -d policies -o /dev/null <<'SQL'
set role lintel_owner;
create table data.bare (id integer primary key, store_id integer);
create table data.mute (id integer primary key, store_id integer);
alter table data.mute enable row level security;
grant select on data.mute to authenticated;
create table data.circle (id integer primary key, store_id integer);
alter table data.circle enable row level security;
create policy itself on data.circle for select to authenticated using (store_id in (select c.store_id from data.circle c));
create policy another on data.circle for select to authenticated using (store_id in (select s.id from data.stores s));
create function private.mine() returns integer[] language sql stable set search_path = pg_catalog, pg_temp return array(select id from data.stores);
create policy as_reader on data.circle for select to authenticated using (store_id = any ((select private.mine())::integer[]));
create policy each_row on data.circle for select to authenticated using (store_id = any (private.my_store_ids()));
create policy each_claim on data.circle for select to authenticated using (store_id::text = current_setting('request.jwt.claims', true));
create policy everything on data.circle for select to authenticated using (true);
create function private.loose() returns integer language sql stable security definer as 'select 1';
create function private.loose_trigger() returns trigger language plpgsql as 'begin return new; end';
revoke all on function private.loose(), private.loose_trigger(), private.mine() from public;
grant select on data.stores to anon;
grant update on data.gateways to authenticated;
grant select on private.settings to authenticated;
grant execute on function private.maintain() to authenticated;
grant execute on function private.new_history() to public;
grant execute on function api.denials(timestamptz) to lintel_gateway;
grant usage on schema private to authenticated;
grant create on schema api to lintel_hq;
create view api.leak as select * from data.stores;
create view api.half_leak with (security_barrier = true) as select * from data.stores where id = any (private.my_store_ids());
reset role;
create table data.strange (id integer primary key);
alter table data.strange enable row level security;
create role authenticator login noinherit;
grant lintel_owner to authenticator;
alter role lintel_gateway bypassrls;
SQL
finds policies policies <<'FAULTS'
tables_without_policies data.bare
tables_without_policies data.mute for authenticated
recursive itself on data.circle
recursive another on data.circle
recursive as_reader on data.circle
per_row each_row on data.circle
per_row each_claim on data.circle
open_to_all everything on data.circle
functions_without_search_path private.loose()
functions_without_search_path private.loose_trigger()
grants_on_tables data.stores for anon
grants_on_tables data.gateways for authenticated
grants_on_tables private.settings for authenticated
grants_on_functions private.maintain() for authenticated
grants_on_functions private.new_history() for anon
grants_on_functions api.denials(timestamp with time zone) for lintel_gateway
grants_on_schemas schema private for authenticated
grants_on_schemas schema api for lintel_hq
roles lintel_gateway
roles authenticator
owners data.strange
views_without_invoker api.leak
views_without_invoker api.half_leak
FAULTS
answers 1 "not any('as_reader' in f['object'] or 'my_stores' in f['object'] for f in d['findings'])" hq policies audit --check policies/per_row
sql -d policies -c "alter role lintel_gateway nobypassrls" -c "drop role authenticator"
