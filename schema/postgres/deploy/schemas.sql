-- Deploy lintel:schemas to pg
-- requires: roles

begin;

-- Supabase keeps extensions in this schema and has pgcrypto installed there. What is missing is made, and
-- marked, so that the revert takes away no more than that.
do $$
declare
  wanted text;
  stray text;
begin
  if to_regnamespace('extensions') is null then
    create schema extensions;
    comment on schema extensions is 'Lintel: made with the central schema';
  end if;
  foreach wanted in array array['pgcrypto', 'ltree'] loop
    if not exists (select from pg_extension where extname = wanted) then
      execute format('create extension %I with schema extensions', wanted);
      execute format('comment on extension %I is %L', wanted, 'Lintel: made with the central schema');
    end if;
  end loop;
  select string_agg(format('alter extension %I set schema extensions;', e.extname), ' ') into stray
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
   where e.extname in ('pgcrypto', 'ltree') and n.nspname <> 'extensions';
  if stray is not null then
    raise exception 'an extension is installed in another schema than extensions'
      using hint = 'Move it first: ' || stray;
  end if;
end $$;
-- Whoever writes the tree works with paths (ltree); there is nothing but pure functions in here.
grant usage on schema extensions to lintel_owner, authenticated, lintel_hq;

create schema data authorization lintel_owner;
create schema api authorization lintel_owner;
create schema private authorization lintel_owner;
create schema partitions authorization lintel_owner;

set local role lintel_owner;

comment on schema data is 'Lintel: the business tables, all under row-level security';
comment on schema api is 'Lintel: functions and views, the only schema PostgREST exposes';
comment on schema private is 'Lintel: what the functions work with; granted to nobody';
comment on schema partitions is 'Lintel: the partitions of data''s tables, reached through their parents only; granted to nobody';

-- PostgreSQL lets everybody execute a new function, Supabase adds grants of its own. Ours start with none.
-- Defaults that somebody set for our owner beforehand end here as well.
do $$
declare
  stranger text;
begin
  for stranger in
    select quote_ident(r.rolname) from pg_roles r
     where r.rolname in ('anon', 'authenticated', 'service_role', 'lintel_gateway', 'lintel_hq', 'lintel_monitor') union all select 'public'
  loop
    execute format('alter default privileges for role lintel_owner revoke all on tables from %s', stranger);
    execute format('alter default privileges for role lintel_owner revoke all on sequences from %s', stranger);
    execute format('alter default privileges for role lintel_owner revoke all on functions from %s', stranger);
  end loop;
end $$;
revoke all on schema data, api, private, partitions from public;
grant usage on schema api to anon, authenticated, lintel_gateway, lintel_hq;
grant usage on schema data to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
