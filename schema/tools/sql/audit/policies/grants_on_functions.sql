-- Outside api, roles may execute what their policies and views call and nothing else; strangers two functions of api; who watches
-- those of monitor.
select format('%s for %s', p.oid::regprocedure, r.rolname) as object, format('%s may execute it', r.rolname) as evidence, null::bigint as bytes,
       format('revoke execute on function %s from public, %s;', p.oid::regprocedure, r.rolname) as advice
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace and n.nspname in ('private', 'data', 'partitions', 'api', 'monitor')
  join pg_roles r on r.rolname in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_monitor') and has_function_privilege(r.oid, p.oid, 'execute')
 where case n.nspname
         when 'api' then r.rolname = 'lintel_monitor' or r.rolname = 'anon' and p.proname not in ('gateway_enroll_v1', 'gateway_renew_v1')
                      or r.rolname = 'lintel_gateway' and p.proname !~ '^gateway_'
         when 'monitor' then r.rolname <> 'lintel_monitor'
         else not exists (select from pg_policy l join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = l.oid
                           where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid and r.oid = any (l.polroles))
          and not exists (select from pg_rewrite w join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                            join pg_class v on v.oid = w.ev_class and v.relnamespace = 'api'::regnamespace
                           where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid and has_table_privilege(r.oid, v.oid, 'select')) end
 order by 1
