\ir setup.psql
select plan(21);

select set_eq($$ select relname::text from pg_class where relnamespace = 'data'::regnamespace and relkind in ('r', 'p') $$,
  array['organizations', 'stores', 'gateways', 'sensor_metadata', 'user_profiles', 'people_counting_raw',
        'regional_counting_raw', 'hourly_analytics', 'daily_analytics', 'region_configurations', 'alerts', 'audit_log'],
  'data holds the twelve business tables and nothing else');
select set_eq($$ select relname::text from pg_class where relnamespace = 'private'::regnamespace and relkind in ('r', 'p') $$,
  array['settings', 'signing_keys', 'epochs', 'moved_keys',
        'slots',  -- what the keys of raw rows stand for: numbers HQ hands out for itself
        'enrolments',   -- tokens of cards to come, as hashes
        'credentials',  -- secrets of the cards that are, as hashes
        'acceptances',  -- walk tests, read through a filtering view
        'annotations',  -- what people said, read through a filtering view
        'imports',      -- where raw rows of epoch 0 came from
        'denials',        -- who was denied what: counted up within a minute, which the append-only audit log forbids
        'coverage',       -- when series were counting: spans stated by gateways, shown as a share by analytics_unified
        'given_up',       -- what gateways had no room to keep until HQ took it, shown by explain_counts
        'counter_states', -- where the running totals of devices stood: what a new card goes on from, of no meaning to people
        'refreshes',      -- when each materialized view was refreshed, and of what
        'archives',       -- register of archive files: provider, namespace, bytes, rows, last use
        'archive_keys',   -- what they are encrypted with; forgetting a tenant means forgetting its key
        'recompute_jobs', -- days that are to be counted anew
        'known_days',     -- where days began so far, per zone: what new tzdata is held against
        'erasures',       -- tombstones of forgotten people, stores and tenants
        'rule_failures',  -- rules that raised an error: shown, while the readings were taken
        'reading_quality', -- readings taken and rejected per gateway and hour
        'outbox',         -- mail and webhook calls until they are sent
        'fleet_evaluation'], -- last run of evaluate_fleet()
  'private holds exactly these tables');
select set_eq($$ select p.oid::regprocedure::text from pg_proc p where pronamespace = 'api'::regnamespace $$,
  array['api.gateway_sync_v1(jsonb)', 'api.denials(timestamp with time zone)',
        'api.gateway_enroll_v1(jsonb)', 'api.gateway_renew_v1(jsonb)', 'api.issue_enrolment(uuid,interval,uuid)',
        'api.people_counting_bulk_v1(jsonb)', 'api.change_my_profile(text,text,boolean)', 'api.targets_and_actuals(text,text,date,date)',
        'api.annotate(uuid,text,uuid,date)', 'api.withdraw_annotation(uuid)',
        'api.analytics_unified(text,text,date,date,text)', 'api.acknowledge_alert(uuid,text)',
        'api.resolve_alert(uuid,text)', 'api.explain_counts(uuid,timestamp with time zone,timestamp with time zone,text)',
        'api.change_store_calendar(uuid,date,text,integer)', 'api.correct_store_calendar(uuid,text,integer)',
        'api.custom_metric(text,date,date,integer,integer)', 'api.sensors_heard_least(integer,integer)'], 'api offers exactly these functions');
select set_eq($$ select relname::text from pg_class where relnamespace = 'api'::regnamespace $$,
  array['latest_sensor_data', 'hourly', 'daily', 'organizations', 'stores', 'gateways', 'sensors', 'region_configurations',
        'user_profiles', 'audit', 'my_profile', 'tree', 'acceptances', 'annotations', 'activity',
        'store_daily', 'store_weekly', 'node_daily', 'sensor_uptime', 'fleet_summary',
        'open_alerts', 'fleet_health'], 'api offers exactly these views');

select set_eq($$ select relname::text from pg_class where relnamespace = 'monitor'::regnamespace $$,
  array['partitions', 'ingest', 'fleet', 'vacuum', 'wraparound', 'connections', 'replication', 'archiving', 'bloat', 'slow_queries',
        'organizations', 'room', 'checks'], 'monitor offers exactly these views');
select set_eq($$ select p.oid::regprocedure::text from pg_proc p where pronamespace = 'monitor'::regnamespace $$,
  array['monitor.read_archive_folder()', 'monitor.estimate_bloat()', 'monitor.measure_bloat(oid)', 'monitor.read_statements()', 'monitor.room_on(bigint,bigint)'],
  'and these functions');
select is_empty($$ select c.oid::regclass from pg_class c where c.relnamespace in ('data'::regnamespace, 'private'::regnamespace, 'partitions'::regnamespace, 'api'::regnamespace)
    and c.relkind in ('r', 'p', 'v', 'm') and has_any_column_privilege('lintel_monitor', c.oid, 'select, insert, update, references') $$,
  'who watches reads no table and no view but those of monitor');

select is_empty($$ select oid::regclass from pg_class where relkind in ('r', 'p') and not relrowsecurity
    and relnamespace in ('data'::regnamespace, 'partitions'::regnamespace, 'private'::regnamespace) $$,
  'row-level security is on for every table and partition');
select is_empty($$ select oid::regclass from pg_class where relkind = 'v' and relnamespace = 'api'::regnamespace
    and not coalesce('security_invoker=true' = any (reloptions), false)
    and not (coalesce('security_barrier=true' = any (reloptions), false) and pg_get_viewdef(oid) ~ '= ANY \(\( SELECT private\.readable_(store|node)_ids\(\) AS readable_(store|node)_ids\)::(integer|bigint)\[\]\)') $$,
  'every view of api runs as its reader, or is a barrier that asks for membership');
select set_eq($$ select relname::text from pg_class where relnamespace = 'private'::regnamespace and relkind = 'm' $$,
  array['store_daily', 'store_weekly', 'node_daily', 'sensor_uptime', 'fleet_summary'], 'there are exactly five materialized views');
select is_empty($$ select c.oid::regclass, r.rolname from pg_class c, pg_roles r
   where c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relnamespace in ('data'::regnamespace, 'partitions'::regnamespace, 'private'::regnamespace)
     and r.rolname in ('anon', 'lintel_gateway')
     and (has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger')) $$,
  'gateways and anonymous callers have no privilege on any table');
select is_empty($$ select c.oid::regclass, r.rolname from pg_class c, pg_roles r
   where c.relkind in ('r', 'p', 'v') and c.relnamespace in ('data'::regnamespace, 'partitions'::regnamespace, 'private'::regnamespace)
     and r.rolname in ('authenticated', 'lintel_hq')
     and has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate, references, trigger') $$,
  'people and HQ write single columns of tables, never whole ones, and delete nothing');
select is_empty($$ select c.oid::regclass from pg_class c
   where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace in ('partitions'::regnamespace, 'private'::regnamespace)
     and (has_any_column_privilege('authenticated', c.oid, 'select') or has_any_column_privilege('lintel_hq', c.oid, 'select')) $$,
  'people and HQ read neither partitions nor private tables');
select is_empty($$ select p.oid::regprocedure, r.rolname from pg_proc p, pg_roles r
   where p.pronamespace in ('private'::regnamespace, 'data'::regnamespace, 'partitions'::regnamespace)
     and r.rolname in ('anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_monitor') and has_function_privilege(r.oid, p.oid, 'execute')
     and not exists (select from pg_policy l join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = l.oid
                      where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid and r.oid = any (l.polroles))
     -- and what views of api call, which a role that reads them has to be allowed
     and not exists (select from pg_rewrite w join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                       join pg_class v on v.oid = w.ev_class and v.relnamespace = 'api'::regnamespace
                      where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid and has_table_privilege(r.oid, v.oid, 'select')) $$,
  'outside api, roles can execute what their policies and views call and nothing else');
select is_empty($$ select p.oid::regprocedure from pg_proc p
   where p.pronamespace in ('private'::regnamespace, 'api'::regnamespace, 'data'::regnamespace) and p.prorettype = 'trigger'::regtype
     and not coalesce(array_to_string(p.proconfig, ' ') ~ 'search_path=pg_catalog, (extensions, )?pg_temp', false) $$,
  'every trigger function pins its search path: it runs in the session of whoever writes');
select is_empty($$ select p.oid::regprocedure from pg_proc p
   where p.pronamespace in ('private'::regnamespace, 'api'::regnamespace, 'monitor'::regnamespace) and p.prosecdef
     and p.prosqlbody is null  -- such a body was bound when the function was made
     and not coalesce(array_to_string(p.proconfig, ' ') ~ 'search_path=pg_catalog, (extensions, )?pg_temp', false) $$,
  'every security definer function pins its search path');
select is_empty($$ select oid::regclass from pg_class where relnamespace in ('data'::regnamespace, 'partitions'::regnamespace,
    'private'::regnamespace, 'api'::regnamespace, 'monitor'::regnamespace) and relowner <> 'lintel_owner'::regrole $$, 'everything belongs to lintel_owner');
select is_empty($$ select conrelid::regclass, conname from pg_constraint where contype = 'f' and confdeltype = 'a'
    and connamespace in ('data'::regnamespace, 'private'::regnamespace) $$, 'every foreign key says what happens on delete');
select is_empty($$ select a.attrelid::regclass, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
   where c.relnamespace in ('data'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p') and a.attnum > 0
     and not a.attisdropped and col_description(a.attrelid, a.attnum) is null $$, 'every column has a comment');
select is_empty($$ select p.oid::regprocedure from pg_proc p
   where p.pronamespace in ('private'::regnamespace, 'api'::regnamespace, 'monitor'::regnamespace) and obj_description(p.oid, 'pg_proc') is null $$,
  'every function has a comment');
select is_empty($$ select rolname from pg_roles where rolname in ('lintel_owner', 'lintel_gateway', 'lintel_hq', 'lintel_monitor', 'anon', 'authenticated')
    and (rolsuper or rolbypassrls or rolcreaterole) $$, 'no role of ours is above the rules');

select * from finish();
rollback;
