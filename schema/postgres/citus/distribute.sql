-- Spreads a deployed central schema over the workers of a Citus cluster, by store (README.md says what that needs):
--   psql -X -1 -v ON_ERROR_STOP=1 -f schema/postgres/citus/distribute.sql "host=coordinator dbname=lintel user=postgres"
-- One transaction: it is done as a whole or not at all. Writes wait until it is over. Never run against a real Citus
-- so far: see README.md.
\set ON_ERROR_STOP on
\if :{?citus_placement}
\else
\ir placement.sql
\endif

do $$
begin
  if to_regproc('create_distributed_table') is null then
    raise undefined_function using message = 'Citus is not in this database',
      hint = 'shared_preload_libraries = ''citus'' on every node, create extension citus, citus_add_node for every worker, all before deploy_to.';
  end if;
  if to_regclass('data.people_counting_raw') is null then
    raise undefined_table using message = 'the central schema is not in this database', hint = 'schema/postgres/deploy_to first.';
  end if;
end $$;

-- Citus reaches a worker as the role on whose behalf a statement runs, and as the owner inside the functions that
-- run as it. None of them has a password: only what pg_hba.conf lets in by certificate from another node gets in.
do $$
declare
  name text;
begin
  foreach name in array array['lintel_owner', 'anon', 'authenticated', 'lintel_gateway', 'lintel_hq'] loop
    execute format('alter role %I login', name);
  end loop;
  -- Citus forwards "set local", and of that nothing unless told so.
  execute format('alter database %I set citus.propagate_set_commands = ''local''', current_database());
  -- Local and distributed tables are written in one transaction: one connection per worker sees all of it.
  execute format('alter database %I set citus.multi_shard_modify_mode = ''sequential''', current_database());
end $$;

-- For what PostgREST calls but does not expose.
create schema requests authorization lintel_owner;

set local role lintel_owner;

-- A distributed table may refer to no local one. What goes with a store is private.forget_store's and forget_organization's anyway.
do $$
declare
  key record;
begin
  for key in
    select f.conrelid::regclass as relation, f.conname as name
      from pg_constraint f
      join citus_placement p on p.relation::regclass = f.conrelid and p.kind = 'distributed'
      join citus_placement r on r.relation::regclass = f.confrelid and r.kind = 'local'
     where f.contype = 'f' and f.conparentid = 0
  loop
    execute format('alter table %s drop constraint %I', key.relation, key.name);
  end loop;
end $$;

-- A policy of a distributed table is judged at the worker, where nobody has a profile, and may ask no table. So the
-- coordinator says once in a request which stores it is about. Where nothing was said, nothing is seen.
create function private.stores_of_request() returns integer[]
language sql stable
return nullif(current_setting('lintel.stores', true), '')::integer[];
comment on function private.stores_of_request() is 'Stores that requests.announce() found the user may see; null before it was asked';
revoke all on function private.stores_of_request() from public, anon, lintel_gateway, lintel_hq;
grant execute on function private.stores_of_request() to authenticated;

grant usage on schema requests to anon, authenticated, lintel_gateway, lintel_hq;
create function requests.announce() returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- As a statement: of set_config() the workers hear nothing.
  if private.caller_role() = 'authenticated' then
    execute format('set local lintel.stores = %L', private.my_store_ids()::text);
  end if;
end $$;
comment on function requests.announce() is 'Tells the workers which stores the user may see. PostgREST calls it at the start of every request (db-pre-request).';
revoke all on function requests.announce() from public;
grant execute on function requests.announce() to anon, authenticated, lintel_gateway, lintel_hq;

do $$
declare
  policy record;
begin
  for policy in
    select l.polname as name, p.relation
      from pg_policy l join citus_placement p on p.relation::regclass = l.polrelid and p.kind = 'distributed'
     where l.polname = 'my_stores'
  loop
    execute format('drop policy %I on %s', policy.name, policy.relation);
    execute format('create policy %I on %s for select to authenticated using (store_id = any (private.stores_of_request()))',
                   policy.name, policy.relation);
  end loop;
end $$;

-- A plan without the values does not know its shard.
do $$
declare
  planned record;
begin
  for planned in
    select p.oid::regprocedure as function from pg_proc p
     where p.pronamespace in ('api'::regnamespace, 'private'::regnamespace)
       and 'plan_cache_mode=force_generic_plan' = any (p.proconfig)
  loop
    execute format('alter function %s reset plan_cache_mode', planned.function);
  end loop;
end $$;

-- One group: rows of a store lie at one worker, in whatever table. The first table founds it.
select create_distributed_table('private.slots', 'store_id', colocate_with => 'none') \g /dev/null
select create_distributed_table(p.relation::regclass, 'store_id', colocate_with => 'private.slots')
  from citus_placement p
 where p.kind = 'distributed' and p.relation <> 'private.slots'
 order by p.relation \g /dev/null
select create_distributed_function(d.function::regprocedure, 'store_id', colocate_with => 'private.slots')
  from citus_delegated d
 order by d.function \g /dev/null

reset role;

\qecho 'Distributed by store. Fit for gateways and people when these have been rewritten (README.md):'
select t.object, t.why from citus_touching t where t.verdict = 'rewrite' order by t.why, t.object;
notify pgrst, 'reload schema';
