-- The script that spreads the schema over a Citus cluster says much about the schema: whether that is so, and whether
-- it runs to its end against a stand-in that refuses what Citus is documented to refuse. What only Citus can show, tests/schema/run_citus asks of it.
\ir setup.psql
\ir world.psql
\ir ../../../schema/postgres/citus/placement.sql
select plan(25);

-- Where what stands.
select set_eq('select relation from citus_placement', $$
  select c.oid::regclass::text from pg_class c where c.relnamespace in ('data'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p') $$,
  'every table stands in the list of places, and nothing else does');
create temporary view distributed as select p.relation::regclass as relation from citus_placement p where p.kind = 'distributed';
select isnt_empty('select from distributed', 'some are distributed');
select is_empty($$ select d.relation from distributed d
   where not exists (select from pg_attribute a where a.attrelid = d.relation and a.attname = 'store_id' and a.atttypid = 'integer'::regtype and a.attnotnull) $$,
  'a distributed table says of every row which store''s it is, in one type');
select is_empty($$ select i.indrelid::regclass, i.indexrelid::regclass from pg_index i
   where i.indrelid in (select t.relid from distributed d, pg_partition_tree(d.relation) t union select relation from distributed)
     and (i.indisunique or i.indisexclusion)
     and not exists (select from pg_attribute a where a.attrelid = i.indrelid and a.attname = 'store_id'
                        and a.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1])) $$,
  'the store is part of its primary key and of whatever else is unique there');
select is_empty($$ select d.relation from distributed d where not exists (select from pg_index i where i.indrelid = d.relation and i.indisprimary) $$, 'which it has');
select is_empty($$ select t.tgrelid::regclass, t.tgname from pg_trigger t join distributed d on d.relation = t.tgrelid where not t.tgisinternal $$, 'it has no trigger');
select is_empty($$ select a.attrelid::regclass, a.attname from pg_attribute a join distributed d on d.relation = a.attrelid
   where a.attidentity <> '' or a.atthasdef and pg_get_expr((select x.adbin from pg_attrdef x where x.adrelid = a.attrelid and x.adnum = a.attnum), a.attrelid) ~ 'nextval' $$,
  'and no number that counts up');
select is_empty($$ select f.conrelid::regclass, f.conname from pg_constraint f join distributed d on d.relation = f.conrelid
   where f.contype = 'f' and not (f.confrelid = 'data.stores'::regclass and f.confdeltype = 'c'
     and f.conkey = array[(select a.attnum from pg_attribute a where a.attrelid = f.conrelid and a.attname = 'store_id')]) $$,
  'it refers to nothing but its store: all that the script takes away is that its rows go when the store''s row does');
select is_empty($$ select f.conrelid::regclass, f.conname from pg_constraint f join distributed d on d.relation = f.confrelid where f.contype = 'f' $$,
  'and no other table refers to it');
select is_empty($$ select d.relation from distributed d where not exists (
    select from private.tenant_tables t where t.condition = 'store_id = any ($2)' and d.relation::text in (format('data.%s', t.counted_as), format('private.%s', t.counted_as))) $$,
  'a tenant that is forgotten is forgotten there as well, store by store');
select set_eq($$ select distinct l.polname::text from pg_policy l join distributed d on d.relation = l.polrelid
   where concat(l.polqual::text, l.polwithcheck::text) like '%{SUBLINK %' $$, array['my_stores'], 'of its policies the one that the script replaces asks a table, and no other');

-- Who touches it. Names of schemas are always written out.
create temporary view bodies as
  select p.oid::regprocedure::text as object, p.prolang = (select oid from pg_language where lanname = 'sql') and p.pronargs > 0 as sql_with_arguments,
         coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body
    from pg_proc p where p.pronamespace in ('api'::regnamespace, 'private'::regnamespace, 'data'::regnamespace)
  union all
  select c.oid::regclass::text, false, pg_get_viewdef(c.oid)
    from pg_class c where c.relnamespace in ('api'::regnamespace, 'private'::regnamespace) and c.relkind in ('v', 'm');
create temporary view naming as
  select b.*, array_agg(n.name) as named
    from bodies b
    join (select relation::text as name from distributed union all values ('private.countings'), ('private.raw_keys')) as n on b.body ~ ('\m' || replace(n.name, '.', '\.') || '\M')
   group by b.object, b.sql_with_arguments, b.body;
select set_eq($$ select t.object from citus_touching t $$, $$ select object from naming union select object from bodies where body ~ 'ctid' and object !~ 'forget_records' $$,
  'whatever names a distributed table, or deletes by place, has a verdict, and nothing else has');
select is_empty($$ select n.object from naming n join citus_touching t using (object) where n.sql_with_arguments and t.verdict <> 'rewrite' $$,
  'functions in SQL with arguments are to be rewritten');
select is_empty($$ select object from bodies b join citus_touching t using (object) where b.body ~ 'ctid' and t.verdict <> 'rewrite' $$, 'and deletes in batches by place');
select is_empty($$ select object from bodies b join citus_touching t using (object) where b.body ~* '\mreturning[^;)]*private\.' $$,
  'no change of such a table returns what a function makes of the row: only immutable ones may');
select is_empty($$ select object from naming where regexp_replace(body, 'from data\.gateways [^;]*for no key update', '') ~* 'for (no key )?update|for share' $$, 'and none locks rows of it: that is done on the gateway''s row');

-- What runs at a worker.
select is_empty($$ select d.function from citus_delegated d where to_regprocedure(d.function) is null
    or not exists (select from pg_proc p, unnest(p.proargnames, p.proargtypes::oid[]) as a (name, type)
                    where p.oid = to_regprocedure(d.function) and a.name = 'store_id' and a.type = 'integer'::regtype) $$,
  'a function that a worker runs as a whole is told its store');
select is_empty($$ select d.function, c.relation from citus_delegated d join bodies b on b.object = to_regprocedure(d.function)::text
    join citus_placement c on c.kind = 'local' and b.body ~ ('\m' || replace(c.relation, '.', '\.') || '\M') $$, 'and touches no local table');

-- The script itself, to its end.
create function pg_temp.stores_seen(persona text, relation text, announced boolean) returns integer[]
language plpgsql as $$
declare
  seen integer[];
begin
  perform pg_temp.become(persona);
  if not announced then
    set local lintel.stores = '';
  end if;
  execute format('select array_agg(distinct store_id order by store_id) from %s where store_id between 810001 and 810009', relation) into seen;
  reset role;
  return seen;
end $$;
create temporary table seen as
  select p.name as persona, r.relation, pg_temp.stores_seen(p.name, r.relation, false) as stores
    from pg_temp.personas p, unnest(array['data.people_counting_raw', 'data.regional_counting_raw', 'data.hourly_analytics', 'data.daily_analytics']) as r (relation)
   where p.role in ('authenticated', 'lintel_hq');
\ir ../citus_standin.sql
\o /dev/null
\ir ../../../schema/postgres/citus/distribute.sql
\o
select set_eq('select relation from public.citus_standin', 'select relation from distributed', 'the script distributes what it says');
select is((select count(distinct s.colocation) from public.citus_standin s), 1::bigint, 'in one group, so that a store''s rows lie together');
select set_eq('select function::text from public.citus_standin_functions', 'select function from citus_delegated', 'and the functions');
select is_empty($$ select p.oid::regprocedure from pg_proc p where 'plan_cache_mode=force_generic_plan' = any (p.proconfig) $$,
  'no function insists on plans that do not know their shard');
select is_empty($$ select s.persona, s.relation from seen s where s.persona <> 'hq' and pg_temp.stores_seen(s.persona, s.relation, false) is not null $$,
  'people see nothing of it in a request that was not announced');
select is_empty($$ select s.persona, s.relation, s.stores, pg_temp.stores_seen(s.persona, s.relation, true) from seen s
                    where s.stores is distinct from pg_temp.stores_seen(s.persona, s.relation, true) $$, 'and in one that was, what they saw before');
select isnt_empty($$ select from seen where cardinality(stores) = 2 $$, 'which is something');

select * from finish();
rollback;
