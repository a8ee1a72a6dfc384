-- A stand-in for the two functions of Citus that distribute.sql calls, where there is no Citus: it moves nothing, but
-- refuses what Citus is documented to refuse, in its words. In a database that is thrown away, or a transaction that is
-- rolled back.
create table public.citus_standin (relation regclass primary key, distribution_column text not null, colocation text not null);
create table public.citus_standin_functions (function regprocedure primary key);
grant all on public.citus_standin, public.citus_standin_functions to public;

create function public.create_distributed_table(table_name regclass, distribution_column text, colocate_with text default 'default') returns void
language plpgsql as $$
declare
  complaint text;
begin
  with parts as (
    select p.relid as oid from pg_partition_tree(table_name) as p union select table_name::oid
  ), key as (
    select a.attrelid, a.attnum, a.atttypid from pg_attribute a
     where a.attrelid in (select oid from parts) and a.attname = distribution_column
  )
  select c.words into complaint from (
    select format('%s has no column %s', table_name, distribution_column) as words where not exists (select from key)
    union all
    select format('%s is a partition: distribute its parent', table_name) from pg_class c where c.oid = table_name and c.relispartition
    union all
    select 'relation is already distributed' from public.citus_standin s where s.relation = table_name
    union all
    select format('cannot create constraint on %s: distributed relations cannot have UNIQUE, EXCLUDE, or PRIMARY KEY constraints that do not include the partition column (%s)',
                  table_name, i.indexrelid::regclass)
      from pg_index i join key k on k.attrelid = i.indrelid
     where (i.indisunique or i.indisexclusion) and not k.attnum = any (i.indkey::smallint[])
    union all
    select format('a distributed table can only have foreign keys if it is referencing another colocated hash distributed table or a reference table (%s)', f.conname)
      from pg_constraint f join key k on k.attrelid = f.conrelid
     where f.contype = 'f'
       and not exists (select from public.citus_standin s
                        where s.relation = f.confrelid and k.attnum = any (f.conkey)
                          and f.confkey[array_position(f.conkey, k.attnum)]
                              = (select a.attnum from pg_attribute a where a.attrelid = f.confrelid and a.attname = s.distribution_column))
    union all
    select format('foreign keys from local tables to distributed tables are not supported (%s)', f.conname)
      from pg_constraint f where f.contype = 'f' and f.confrelid = table_name and f.conrelid <> table_name
    union all
    select format('triggers are not supported on distributed tables (%s)', t.tgname)
      from pg_trigger t where t.tgrelid in (select oid from parts) and not t.tgisinternal
    union all
    select format('cannot create policy: subqueries are not supported in policies on distributed tables (%s)', l.polname)
      from pg_policy l where l.polrelid in (select oid from parts) and concat(l.polqual::text, l.polwithcheck::text) like '%{SUBLINK %'
    union all
    select format('identity columns of %s must be bigint', table_name)
      from pg_attribute a where a.attrelid = table_name and a.attidentity <> '' and a.atttypid <> 'bigint'::regtype
    union all
    select format('role %s is not permitted to log in', r.rolname)
      from pg_class c join pg_roles r on r.oid = c.relowner where c.oid = table_name and not r.rolcanlogin
    union all
    select format('cannot colocate tables %s and %s: distribution column types don''t match', colocate_with, table_name)
      from public.citus_standin s
      join pg_attribute a on a.attrelid = s.relation and a.attname = s.distribution_column
      join key k on k.attrelid = table_name
     where colocate_with not in ('none', 'default') and s.relation = to_regclass(colocate_with) and a.atttypid <> k.atttypid
    union all
    select format('relation %s is not distributed', colocate_with)
     where colocate_with not in ('none', 'default') and not exists (select from public.citus_standin s where s.relation = to_regclass(colocate_with))
  ) as c limit 1;
  if complaint is not null then
    raise feature_not_supported using message = complaint;
  end if;
  insert into public.citus_standin values (table_name, distribution_column, case colocate_with when 'none' then table_name::text else colocate_with end);
end $$;

create function public.create_distributed_function(function_name regprocedure, distribution_arg_name text, colocate_with text) returns void
language plpgsql as $$
begin
  if not exists (select from pg_proc p, unnest(p.proargnames, p.proargtypes::oid[]) as a (name, type)
                   join public.citus_standin s on s.relation = to_regclass(colocate_with)
                   join pg_attribute k on k.attrelid = s.relation and k.attname = s.distribution_column
                  where p.oid = function_name and a.name = distribution_arg_name and a.type = k.atttypid) then
    raise feature_not_supported using message = format('cannot distribute the function %s since the distribution argument is not valid', function_name);
  end if;
  insert into public.citus_standin_functions values (function_name);
end $$;
