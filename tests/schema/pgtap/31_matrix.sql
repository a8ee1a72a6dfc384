-- Every role against every table, view and function that the catalog knows, own and foreign data, reading and
-- writing. What is allowed stands in two tables below, a row per object; whatever has no row is closed to everybody.
\ir setup.psql
\ir world.psql
select plan(16);

-- Four letters per role: what it reads, inserts, updates, deletes (a view's delete marks the row).
--   A rows of all tenants   T of the whole own tenant   S of its own nodes and stores   M its own row
--   0 it may ask and gets nothing   - it may not even ask
create table pg_temp.allowed (object text primary key, hq text, administrator text, manager text, staff text, auditor text,
                              gateway text default '----', anonymous text default '----');
insert into pg_temp.allowed (object, hq, administrator, manager, staff, auditor) values
  ('data.organizations',          'AAA-', 'TTT-', 'S00-', '000-', 'T00-'),
  ('data.stores',                 'AAA-', 'TTT-', 'SSS-', 'S00-', 'T00-'),
  ('data.gateways',               'A-A-', 'T-T-', 'S-0-', 'S-0-', 'T-0-'),
  ('data.sensor_metadata',        'AAA-', 'TTT-', 'SSS-', 'S0S-', 'T00-'),
  ('data.region_configurations',  'AAA-', 'TTT-', 'SSS-', 'S0S-', 'T00-'),
  ('data.user_profiles',          'AAA-', 'TTT-', 'M0M-', 'M0M-', 'T0M-'),
  ('data.alerts',                 'A---', 'T---', 'S---', 'S---', 'T---'),
  ('data.people_counting_raw',    'A---', 'T---', 'S---', 'S---', 'T---'),
  ('data.regional_counting_raw',  'A---', 'T---', 'S---', 'S---', 'T---'),
  ('data.hourly_analytics',       'A---', 'T---', 'S---', 'S---', 'T---'),
  ('data.daily_analytics',        'A---', 'T---', 'S---', 'S---', 'T---'),
  ('data.audit_log',              'A---', 'T---', '0---', '0---', 'T---'),
  ('api.organizations',           'AAAA', 'TTTT', 'S000', '0000', 'T000'),
  ('api.stores',                  'AAAA', 'TTTT', 'SSSS', 'S000', 'T000'),
  ('api.gateways',                'A-AA', 'T-TT', 'S-00', 'S-00', 'T-00'),
  ('api.sensors',                 'AAAA', 'TTTT', 'SSSS', 'S0S0', 'T000'),
  ('api.region_configurations',   'AAAA', 'TTTT', 'SSSS', 'S0S0', 'T000'),
  ('api.user_profiles',           'AAAA', 'TTTT', 'M0M0', 'M0M0', 'T0M0'),
  ('api.audit',                   'A---', 'T---', '0---', '0---', 'T---'),
  ('api.latest_sensor_data',      'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.hourly',                  'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.daily',                   'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.my_profile',              '----', 'M---', 'M---', 'M---', 'M---'),
  ('api.tree',                    'A---', 'T---', 'S---', '0---', 'T---'),
  ('api.acceptances',             'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.annotations',             'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.activity',                'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.store_daily',             'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.store_weekly',            'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.node_daily',              'A---', 'T---', 'S---', '0---', 'T---'),
  ('api.sensor_uptime',           'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.fleet_summary',           'A---', 'T---', 'S---', '0---', 'T---'),
  ('api.open_alerts',             'A---', 'T---', 'S---', 'S---', 'T---'),
  ('api.fleet_health',            'A---', 'T---', 'S---', 'S---', 'T---');

-- Functions of api: which roles may call them. All others belong to nobody.
create table pg_temp.callable (function text primary key, roles name[]);
insert into pg_temp.callable values
  ('api.gateway_sync_v1(jsonb)',                 '{lintel_gateway}'),
  ('api.denials(timestamp with time zone)',      '{authenticated,lintel_hq}'),
  ('api.gateway_enroll_v1(jsonb)',               '{anon}'),
  ('api.gateway_renew_v1(jsonb)',                '{anon}'),
  ('api.issue_enrolment(uuid,interval,uuid)',    '{authenticated,lintel_hq}'),
  ('api.people_counting_bulk_v1(jsonb)',         '{authenticated,lintel_hq}'),
  ('api.change_my_profile(text,text,boolean)',   '{authenticated}'),
  ('api.targets_and_actuals(text,text,date,date)', '{authenticated,lintel_hq}'),
  ('api.annotate(uuid,text,uuid,date)',          '{authenticated,lintel_hq}'),
  ('api.withdraw_annotation(uuid)',              '{authenticated,lintel_hq}'),
  ('api.analytics_unified(text,text,date,date,text)', '{authenticated,lintel_hq}'),
  ('api.acknowledge_alert(uuid,text)',           '{authenticated,lintel_hq}'),
  ('api.resolve_alert(uuid,text)',               '{authenticated,lintel_hq}'),
  ('api.change_store_calendar(uuid,date,text,integer)', '{authenticated,lintel_hq}'), ('api.correct_store_calendar(uuid,text,integer)', '{authenticated,lintel_hq}'),
  ('api.explain_counts(uuid,timestamp with time zone,timestamp with time zone,text)', '{authenticated,lintel_hq}'),
  ('api.custom_metric(text,date,date,integer,integer)',          '{authenticated}'),
  ('api.sensors_heard_least(integer,integer)',   '{authenticated,lintel_hq}');

-- Whose a row is, from what it says of itself.
create function pg_temp.belongs(relation text, r jsonb, me uuid) returns text
language sql as $$
  with t as (select split_part(relation, '.', 2) as name),
       s as (select coalesce(r ->> 'store_id', case when t.name = 'stores' then r ->> 'id' end)::bigint as store,
                    (case when t.name in ('organizations', 'tree') then r ->> 'id' when not r ? 'store_id' then r ->> 'node_id' end)::bigint as node from t)
  select case when (t.name like 'audit%' or r ->> 'kind' = 'audit') and (r ->> 'organization_id')::bigint = 800001 then 'T'  -- a tenant's history is whole
              when s.store in (810001, 810002) or s.node in (800011, 800012) then 'S'
              when s.store in (810004, 810005) or s.node = 800015 then 'deleted'
              when r ->> 'id' = me::text then 'M'
              when coalesce((r ->> 'organization_id')::bigint, (select o.organization_id from data.organizations o where o.id = s.node)) = 800001 then 'T'
              else 'A' end
    from s, t;
$$;
create function pg_temp.letter(found text[], is_hq boolean) returns text
language sql as $$
  select case when 'deleted' = any (found) and not is_hq then 'LEAK' when 'A' = any (found) then 'A'
              when 'T' = any (found) then 'T' when 'S' = any (found) then 'S' when 'M' = any (found) then 'M' else '0' end;
$$;

-- All that a persona can do to a relation, as four letters. Everything is undone.
create function pg_temp.reach(persona text, relation text, columns text[], samples jsonb[]) returns text
language plpgsql as $$
declare
  who      record;
  table_id oid := relation::regclass;
  base     text;
  found    text[];
  answer   text := '';
  rows     jsonb[];
  sample   jsonb;
  usable   text[];
  verb     text;
  before   text[];
  changed  bigint;
begin
  select * into who from pg_temp.personas p where p.name = persona;
  -- Reading.
  begin
    perform pg_temp.become(persona);
    execute format('select array_agg(to_jsonb(x)) from %s as x', relation) into rows;
    reset role;
    select array_agg(distinct pg_temp.belongs(relation, r, who.sub)) into found from unnest(rows) as r;
    answer := answer || pg_temp.letter(found, persona = 'hq');
  exception when insufficient_privilege then
    reset role;
    answer := answer || '-';
  end;
  -- Inserting: copies of what is there, with the columns the persona may give and a new identity.
  base := coalesce((select d.refobjid::regclass::text from pg_rewrite w
                      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
                     where w.ev_class = table_id and d.refobjid <> table_id limit 1), relation);
  usable := array(select c from unnest(columns) as c
                   where has_column_privilege(who.role, table_id, c, 'insert')
                     and exists (select from pg_attribute a where a.attrelid = base::regclass and a.attname = c)
                     and has_column_privilege(who.role, base::regclass, c, 'insert'));
  if usable = '{}' then
    answer := answer || '-';
  else
    found := '{}';
    execute format('select array_agg(id::text) from %s', base) into before;
    foreach sample in array samples loop
      sample := sample || jsonb_build_object('public_id', gen_random_uuid(), 'serial', gen_random_uuid(), 'region', gen_random_uuid(),
                                             'node_ids', '[]'::jsonb, 'store_ids', '[]'::jsonb)
                || case when relation like '%user_profiles' then jsonb_build_object('id', gen_random_uuid()) else '{}' end;
      begin
        perform pg_temp.become(persona);
        execute format('insert into %1$s (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1)', relation,
                       (select string_agg(quote_ident(c), ', ') from unnest(usable) as c)) using sample;
        reset role;
        execute format('select to_jsonb(x) from %s as x where id::text <> all ($1)', base) into sample using before;
        found := found || pg_temp.belongs(relation, sample
                            || case when base = 'data.organizations' then jsonb_build_object('id', sample -> 'parent_id') else '{}' end
                            || case when base = 'data.stores' then jsonb_build_object('id',
                                 case sample ->> 'node_id' when '800011' then 810001 when '800012' then 810002 end) else '{}' end, who.sub);
        raise sqlstate 'UNDO0';
      exception
        when sqlstate 'UNDO0' then null;
        when insufficient_privilege or foreign_key_violation then reset role;
      end;
    end loop;
    answer := answer || pg_temp.letter(found, persona = 'hq');
  end if;
  -- Updating and deleting, row by row, also rows it does not see.
  foreach verb in array array['update', 'delete'] loop
    usable := array(select c from unnest(columns) as c
                     where verb = 'update' and has_column_privilege(who.role, table_id, c, 'update')
                       and exists (select from pg_attribute a where a.attrelid = base::regclass and a.attname = c)
                       and has_column_privilege(who.role, base::regclass, c, 'update'));
    if usable = '{}' and not (verb = 'delete' and has_table_privilege(who.role, table_id, 'delete')) then
      answer := answer || '-';
      continue;
    end if;
    found := '{}';
    foreach sample in array samples loop
      begin
        perform pg_temp.become(persona);
        execute case verb when 'update' then format('update %1$s set %2$I = %2$I where id::text = $1', relation, usable[1])
                          else format('delete from %s where id::text = $1', relation) end using sample ->> 'id';
        get diagnostics changed = row_count;
        reset role;
        if changed > 0 then
          found := found || pg_temp.belongs(relation, sample, who.sub);
        end if;
        raise sqlstate 'UNDO0';
      exception
        when sqlstate 'UNDO0' then null;
        when insufficient_privilege or check_violation then reset role;
      end;
    end loop;
    answer := answer || pg_temp.letter(found, persona = 'hq');
  end loop;
  return answer;
end $$;

create table pg_temp.relations as
  select format('%s.%s', n.nspname, c.relname) as object,
         array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname in ('data', 'api', 'private', 'partitions', 'monitor') and c.relkind in ('r', 'p', 'v', 'm', 'f');
create function pg_temp.samples(relation text) returns jsonb[]
language plpgsql as $$
declare
  rows jsonb[];
begin
  execute format('select coalesce(array_agg(to_jsonb(x)), ''{}'') from %s as x', relation) into rows;
  return rows;
end $$;
create table pg_temp.measured as
  select r.object, p.name as persona, pg_temp.reach(p.name, r.object, r.columns, pg_temp.samples(r.object)) as reach
    from pg_temp.relations r cross join pg_temp.personas p;

create function pg_temp.expected(object text, persona text) returns text
language sql as $$
  select coalesce((select case persona
            when 'hq' then a.hq when 'administrator' then a.administrator when 'manager' then a.manager when 'staff' then a.staff
            when 'auditor' then a.auditor when 'gateway' then a.gateway when 'anonymous' then a.anonymous
            -- Who has no profile in force may ask what people may ask, and gets nothing.
            when 'foreigner' then translate(a.administrator, 'T', 'A')
            else translate(a.administrator, 'ATSM', '0000') end
    from pg_temp.allowed a where a.object = expected.object), '----');
$$;

select is_empty($$ select format('(''%s'', %s),', r.object, (select string_agg(quote_literal(m.reach), ', ' order by array_position('{hq,administrator,manager,staff,auditor}'::text[], m.persona))
      from pg_temp.measured m where m.object = r.object and m.persona in ('hq', 'administrator', 'manager', 'staff', 'auditor')))
    from pg_temp.relations r where r.object !~ '^(private|partitions|monitor)\.' and not exists (select from pg_temp.allowed a where a.object = r.object) $$,
  'every table and view is in the list (if it should be as it is found, add the line)');
select is_empty($$ select a.object from pg_temp.allowed a where a.object not in (select object from pg_temp.relations) $$,
  'and the list names none that is gone');
select is_empty(format($$ select object, reach, pg_temp.expected(object, persona) as should_be from pg_temp.measured
    where persona = %L and reach <> pg_temp.expected(object, persona) $$, p.name), p.name || ' reaches exactly what the list says')
  from pg_temp.personas p order by p.name;

-- Functions: a call with nulls gets to the function, or is refused before.
create function pg_temp.refused(role name, function regprocedure) returns boolean
language plpgsql as $$
declare
  arguments text;
begin
  select string_agg(format('null::%s', t::regtype), ', ' order by n) into arguments
    from pg_proc p, unnest(p.proargtypes::oid[]) with ordinality as a (t, n) where p.oid = function;
  execute format('set local role %I', role);
  begin
    execute format('select * from %s(%s)', (select format('%I.%I', n.nspname, p.proname) from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace where p.oid = function), arguments);
    raise sqlstate 'UNDO0';
  exception
    when insufficient_privilege then
      return sqlerrm ~ '^permission denied for (function|schema) ';
    when others then
      return false;
  end;
end $$;
create table pg_temp.calls as
  select p.oid::regprocedure::text as function, r.role, pg_temp.refused(r.role, p.oid) as refused,
         has_function_privilege(r.role, p.oid, 'execute') as granted, n.nspname as schema
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   cross join (select distinct role from pg_temp.personas) as r
   where n.nspname in ('api', 'data', 'private', 'partitions', 'monitor') and p.prorettype <> 'trigger'::regtype and p.prokind = 'f';
reset role;
select is_empty($$ select function, role, refused from pg_temp.calls
   where refused = coalesce(role = any ((select c.roles from pg_temp.callable c where c.function = calls.function)::name[]), false) $$,
  'every function can be called by exactly the roles that the list says, and no other is reached');
select is_empty($$ select function, role from pg_temp.calls
   where schema = 'api' and granted <> coalesce(role = any ((select c.roles from pg_temp.callable c where c.function = calls.function)::name[]), false) $$,
  'by the privileges of the functions of api themselves');
select is_empty($$ select c.function from pg_temp.callable c where c.function not in (select function from pg_temp.calls) $$,
  'and the list names none that is gone');

select * from finish();
rollback;
