-- Who may name what is in the schemas, and make something there.
select format('schema %s for %s', n.nspname, r.rolname) as object,
       format('%s may %s', r.rolname, concat_ws(' and ', case when has_schema_privilege(r.oid, n.oid, 'create') then 'make objects there' end,
                                                 case when has_schema_privilege(r.oid, n.oid, 'usage') then 'name objects of it' end)) as evidence, null::bigint as bytes,
       format('revoke all on schema %I from public, %I;', n.nspname, r.rolname) as advice
  from pg_namespace n
  join pg_roles r on r.rolname in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_monitor')
 where n.nspname in ('data', 'private', 'partitions', 'api', 'extensions', 'monitor', 'sqitch')
   and (has_schema_privilege(r.oid, n.oid, 'create')
        or (n.nspname in ('private', 'partitions', 'sqitch') or n.nspname = 'monitor' and r.rolname <> 'lintel_monitor') and has_schema_privilege(r.oid, n.oid, 'usage')
        or n.nspname = 'data' and r.rolname in ('anon', 'lintel_gateway', 'lintel_monitor') and has_schema_privilege(r.oid, n.oid, 'usage'))
 order by 1
