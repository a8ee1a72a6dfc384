-- Privileges wider than the roles are meant to have: gateways and strangers none on tables, people and HQ no more than
-- single columns to write, who watches the views of monitor, nobody anything in private and partitions. What they write through views of api that run as
-- the reader, columns and policies of the tables decide.
with outside as (
  select r.oid, r.rolname from pg_roles r where r.rolname in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_monitor')
  union all select 0, 'public'
), held as (
  select c.oid as relid, n.nspname, o.rolname, string_agg(distinct lower(a.privilege_type), ', ' order by lower(a.privilege_type)) as privileges
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private', 'partitions', 'api', 'monitor')
   cross join lateral aclexplode(c.relacl) as a
    join outside o on o.oid = a.grantee
   where c.relkind in ('r', 'p', 'v', 'm', 'S')
     and not (n.nspname = 'data' and o.rolname in ('authenticated', 'lintel_hq') and a.privilege_type = 'SELECT')
     and not (n.nspname = 'monitor' and o.rolname = 'lintel_monitor' and a.privilege_type = 'SELECT')
     and not (n.nspname = 'api' and o.rolname in ('authenticated', 'lintel_hq')
              and (a.privilege_type = 'SELECT' or a.privilege_type in ('INSERT', 'UPDATE', 'DELETE') and 'security_invoker=true' = any (c.reloptions)))
   group by c.oid, n.nspname, o.rolname
)
select format('%s for %s', relid::regclass, rolname) as object, format('%s has %s', rolname, privileges) as evidence, null::bigint as bytes,
       format('revoke %s on %s from %s;', privileges, relid::regclass, rolname) as advice
  from held
 order by 1
