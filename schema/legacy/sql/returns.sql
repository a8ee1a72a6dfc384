-- The way back: what gateways and people write in the new schema goes to the old tables as well, so that they can be returned to at
-- any time up to the end. public.NAME is the old table before cut-over and a view of it afterwards; both take writes.

create function legacy_migration.note_readings() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if legacy_migration.applying() then
    return null;
  end if;
  if tg_op = 'DELETE' then  -- what only leaves with its time is not taken back
    insert into legacy_migration.returns (kind, store_id, slot, started_at)
    select tg_argv[0], b.store_id, b.slot, b.started_at from before b where b.started_at >= private.retention_horizon();
  else
    insert into legacy_migration.returns (kind, store_id, slot, started_at) select tg_argv[0], a.store_id, a.slot, a.started_at from after a;
  end if;
  return null;
end $$;
comment on function legacy_migration.note_readings() is 'Trigger: notes which readings of the new schema changed';

create function legacy_migration.note_row() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not legacy_migration.applying() then
    if tg_argv[0] = 'person' then
      insert into legacy_migration.returns (kind, person) values ('person', new.id);
    else
      insert into legacy_migration.returns (kind, id) values (tg_argv[0], new.id);
    end if;
  end if;
  return null;
end $$;
comment on function legacy_migration.note_row() is 'Trigger: notes which row of the new schema changed';

create function legacy_migration.return_statements() returns table (relation text, statements text[])
language sql stable as $$
  select 'data.' || t.name, array[
    format('create trigger legacy_migration_insert after insert on data.%s referencing new table as after for each statement execute function legacy_migration.note_readings(%L)', t.name, t.kind),
    format('create trigger legacy_migration_update after update on data.%s referencing new table as after for each statement execute function legacy_migration.note_readings(%L)', t.name, t.kind),
    format('create trigger legacy_migration_delete after delete on data.%s referencing old table as before for each statement execute function legacy_migration.note_readings(%L)', t.name, t.kind)]
    from (values ('people_counting_raw', 'people'), ('regional_counting_raw', 'level')) as t (name, kind)
  union all
  select 'data.' || t.name, array[
    format('create trigger legacy_migration_row after insert or update of %s on data.%s for each row execute function legacy_migration.note_row(%L)', t.columns, t.name, t.kind)]
    from (values ('stores', 'store', 'name, timezone'), ('sensor_metadata', 'sensor', 'serial, name, lifecycle'), ('region_configurations', 'region', 'name, capacity'),
                 ('user_profiles', 'person', 'display_name, role, store_ids, email_notifications'), ('alerts', 'alert', 'severity, state, message, resolved_at')) as t (name, kind, columns)
$$;
comment on function legacy_migration.return_statements() is 'What makes the new tables note their changes';

create function legacy_migration.old_id_of(its_source integer, its_target bigint) returns bigint
language plpgsql stable as $$
begin
  return (select e.source_id from legacy_migration.entities e where e.source = its_source and e.target_id = its_target
           order by e.outcome = 'duplicate', e.source_id limit 1);
end $$;
comment on function legacy_migration.old_id_of(integer, bigint) is 'The old row that stands for a new one; null when there is none';

create function legacy_migration.return_store(its_id bigint) returns bigint
language plpgsql volatile as $$
declare
  s      data.stores;
  old_id bigint := legacy_migration.old_id_of(2, its_id);
  tenant bigint;
begin
  select * into s from data.stores n where n.id = its_id;
  if s.id is null then
    return old_id;
  elsif old_id is not null then
    update public.stores o set name = case when btrim(o.name) = s.name then o.name else s.name end,
           timezone = case when legacy_migration.zone_of(o.timezone) = s.timezone then o.timezone else s.timezone end
     where o.id = old_id and (btrim(o.name) <> s.name or legacy_migration.zone_of(o.timezone) is distinct from s.timezone);
    update legacy_migration.doors d set timezone = s.timezone where d.store_id = its_id and d.timezone <> s.timezone;
    update legacy_migration.areas a set timezone = s.timezone where a.store_id = its_id and a.timezone <> s.timezone;
    return old_id;
  end if;
  tenant := legacy_migration.old_id_of(1, s.organization_id);
  if tenant is null then
    insert into public.organizations (name) select o.name from data.organizations o where o.id = s.organization_id returning id into tenant;
    perform legacy_migration.became(1, tenant, s.organization_id, 'returned');
  end if;
  insert into public.stores (organization_id, name, timezone) values (tenant, s.name, s.timezone) returning id into old_id;
  perform legacy_migration.became(2, old_id, its_id, 'returned');
  return old_id;
end $$;
comment on function legacy_migration.return_store(bigint) is 'Writes a store back. Returns the old id.';

create function legacy_migration.return_sensor(its_id bigint) returns bigint
language plpgsql volatile as $$
declare
  m      data.sensor_metadata;
  old_id bigint := legacy_migration.old_id_of(3, its_id);
  zone   text;
begin
  select * into m from data.sensor_metadata n where n.id = its_id;
  if m.id is null then
    return old_id;
  end if;
  if old_id is not null then
    update public.sensors o set name = m.name, serial = case when upper(btrim(o.serial)) = upper(m.serial) then o.serial else m.serial end
     where o.id = old_id and (btrim(o.name) is distinct from m.name or legacy_migration.serial_of(o.serial, o.id) <> upper(m.serial));
  else
    insert into public.sensors (store_id, serial, name, model, status) values (legacy_migration.return_store(m.store_id), m.serial, m.name, nullif(m.model, ''), 'active')
    returning id into old_id;
    perform legacy_migration.became(3, old_id, its_id, 'returned');
  end if;
  zone := (select s.timezone from data.stores s where s.id = m.store_id);
  insert into legacy_migration.doors (old_id, serial, sensor_id, store_id, timezone) values (old_id, upper(m.serial), m.id, m.store_id, zone)
  on conflict on constraint doors_pkey do update set serial = excluded.serial;
  if exists (select from legacy_migration.doors o where o.serial = upper(m.serial) and o.sensor_id <> m.id) then  -- counts that only name the serial are ambiguous now
    insert into legacy_migration.changes (source, source_id) select 22, d.id from public.sensor_data d where upper(btrim(d.serial)) = upper(m.serial);
  end if;
  return old_id;
end $$;
comment on function legacy_migration.return_sensor(bigint) is 'Writes a sensor back. Returns the old id.';

create function legacy_migration.return_region(its_id bigint) returns bigint
language plpgsql volatile as $$
declare
  c      data.region_configurations;
  old_id bigint := legacy_migration.old_id_of(4, its_id);
begin
  select * into c from data.region_configurations n where n.id = its_id;
  if c.id is null then
    return old_id;
  elsif old_id is not null then
    update public.regions o set name = c.name, max_people = coalesce(c.capacity::text, o.max_people)
     where o.id = old_id and (btrim(o.name) is distinct from c.name or c.capacity is not null and btrim(o.max_people) is distinct from c.capacity::text);
    return old_id;
  end if;
  insert into public.regions (sensor_id, code, name, max_people)
  values (coalesce(legacy_migration.old_id_of(3, c.sensor_id), legacy_migration.return_sensor(c.sensor_id)), c.region, c.name, c.capacity::text) returning id into old_id;
  perform legacy_migration.became(4, old_id, its_id, 'returned');
  insert into legacy_migration.areas (old_id, region, sensor_id, store_id, timezone) select old_id, c.region, c.sensor_id, c.store_id, s.timezone from data.stores s where s.id = c.store_id;
  return old_id;
end $$;
comment on function legacy_migration.return_region(bigint) is 'Writes a region back. Returns the old id.';

create function legacy_migration.return_person(its_id uuid) returns void
language plpgsql volatile as $$
declare
  p      data.user_profiles;
  old_id bigint := (select e.source_id from legacy_migration.entities e where e.source = 5 and e.target = its_id limit 1);
  tenant bigint;
begin
  select * into p from data.user_profiles n where n.id = its_id;
  tenant := legacy_migration.old_id_of(1, p.organization_id);
  if p.id is null or tenant is null then
    return;
  elsif old_id is null then
    insert into public.users (organization_id, auth_id, full_name, role, wants_mail)
    values (tenant, p.id::text, p.display_name, coalesce((select r.old_role from legacy_migration.user_roles r where r.role = p.role order by 1 limit 1), 'viewer'), p.email_notifications::integer) returning id into old_id;
    insert into legacy_migration.entities (source, source_id, target, outcome) values (5, old_id, p.id, 'returned');
  else
    update public.users u set full_name = p.display_name, wants_mail = p.email_notifications::integer,
           role = case when (select r.role from legacy_migration.user_roles r where r.old_role = lower(btrim(u.role))) = p.role then u.role
                       else coalesce((select r.old_role from legacy_migration.user_roles r where r.role = p.role order by 1 limit 1), u.role) end
     where u.id = old_id;
  end if;
  with wanted as (select e.source_id as store from unnest(p.store_ids) as w (id) join legacy_migration.entities e on e.source = 2 and e.target_id = w.id),
       gone as (delete from public.user_stores s using legacy_migration.entities e where s.user_id = old_id and e.source = 2 and e.source_id = s.store_id and s.store_id not in (select w.store from wanted w)
                returning s.id),
       made as (insert into public.user_stores (user_id, store_id) select old_id, w.store from wanted w where not exists (select from public.user_stores s where s.user_id = old_id and s.store_id = w.store)
                returning id, store_id),
       forgotten as (delete from legacy_migration.entities e using gone g where e.source = 6 and e.source_id = g.id)
  insert into legacy_migration.entities (source, source_id, target, target_id, outcome)
  select 6, m.id, its_id, e.target_id, 'returned' from made m join legacy_migration.entities e on e.source = 2 and e.source_id = m.store_id;
end $$;
comment on function legacy_migration.return_person(uuid) is 'Writes a profile back';

create function legacy_migration.return_alert(its_id bigint) returns void
language plpgsql volatile as $$
declare
  a    data.alerts;
  zone text;
  its  legacy_migration.entities;
  made bigint;
begin
  select * into a from data.alerts n where n.id = its_id;
  if a.id is null then
    return;
  end if;
  zone := (select s.timezone from data.stores s where s.id = a.store_id);
  for its in select * from legacy_migration.entities e where e.source between 11 and 13 and e.target_id = its_id order by e.source, e.source_id loop
    case its.source
      when 11 then update public.analytics_alerts o set is_resolved = a.state = 'resolved', resolved_at = a.resolved_at at time zone zone, message = a.message where o.id = its.source_id;
      when 12 then update public.regional_alerts o set cleared_at = a.resolved_at, message = a.message where o.id = its.source_id;
      else update public.system_alerts o set closed_epoch = extract(epoch from a.resolved_at), text = a.message where o.id = its.source_id;
    end case;
  end loop;
  if not found then
    insert into public.analytics_alerts (store_id, sensor_id, alert_type, severity, message, is_resolved, triggered_at, resolved_at)
    values (legacy_migration.return_store(a.store_id), case when a.sensor_id is not null then coalesce(legacy_migration.old_id_of(3, a.sensor_id), legacy_migration.return_sensor(a.sensor_id)) end,
            left(a.kind, 60), a.severity, a.message, a.state = 'resolved', a.opened_at at time zone zone, a.resolved_at at time zone zone) returning id into made;
    perform legacy_migration.became(11, made, its_id, 'returned');
  end if;
end $$;
comment on function legacy_migration.return_alert(bigint) is 'Writes an alert back';

-- One reading: the old row that was taken for its key, else a new one. A voided one, or one that moved away, goes.
create function legacy_migration.return_people(its_store integer, its_slot smallint, its_start timestamptz) returns void
language plpgsql volatile as $$
declare
  x      data.people_counting_raw;
  zone   text;
  old_id bigint;
  door   bigint;
begin
  select * into x from data.people_counting_raw r where r.store_id = its_store and r.slot = its_slot and r.started_at = its_start;
  select l.source_id into old_id from legacy_migration.ledger l
   where l.store_id = its_store and l.slot = its_slot and l.started_at = its_start and l.source = 21 order by l.outcome not in ('taken', 'returned'), l.source_id limit 1;
  if x.store_id is null or x.flags & 32 <> 0 then
    delete from public.people_counting_data d using legacy_migration.ledger l
     where l.store_id = its_store and l.slot = its_slot and l.started_at = its_start and l.source = 21 and d.id = l.source_id;
    delete from legacy_migration.ledger l where l.store_id = its_store and l.slot = its_slot and l.started_at = its_start and l.source = 21;
    return;
  elsif old_id is not null then
    update public.people_counting_data d set count_in = x.count_in, count_out = x.count_out, interval_seconds = greatest(round(x.duration_ms / 1000.0), 0)::integer
     where d.id = old_id and (d.count_in, d.count_out) is distinct from (x.count_in, x.count_out);
    update legacy_migration.ledger l set count_in = x.count_in, count_out = x.count_out, outcome = 'returned' where l.source = 21 and l.source_id = old_id;
    return;
  end if;
  zone := (select s.timezone from data.stores s where s.id = its_store);
  door := coalesce(legacy_migration.old_id_of(3, x.sensor_id), legacy_migration.return_sensor(x.sensor_id));
  insert into public.people_counting_data (sensor_id, store_id, line, "timestamp", count_in, count_out, interval_seconds, created_at)
  -- In the hour that occurs twice the arrival must go on telling which; a gateway's may be days later.
  select door, legacy_migration.old_id_of(2, its_store), x.line, x.started_at at time zone zone, x.count_in, x.count_out, round(x.duration_ms / 1000.0)::integer,
         case when t.at = x.started_at then x.received_at else x.started_at + interval '1 second' end
    from legacy_migration.local_time(x.started_at at time zone zone, zone, x.received_at) as t
  returning id into old_id;
  insert into legacy_migration.ledger (source, source_id, store_id, slot, started_at, arrived_at, duration_ms, count_in, count_out, flags, outcome)
  values (21, old_id, its_store, its_slot, its_start, x.received_at, x.duration_ms, x.count_in, x.count_out, x.flags, 'returned');
end $$;
comment on function legacy_migration.return_people(integer, smallint, timestamptz) is 'Writes a reading of a line back';

create function legacy_migration.return_level(its_store integer, its_slot smallint, its_start timestamptz) returns void
language plpgsql volatile as $$
declare
  x      data.regional_counting_raw;
  old_id bigint;
  area   bigint;
begin
  select * into x from data.regional_counting_raw r where r.store_id = its_store and r.slot = its_slot and r.started_at = its_start;
  select l.source_id into old_id from legacy_migration.ledger l
   where l.store_id = its_store and l.slot = its_slot and l.started_at = its_start and l.source = 24 order by l.outcome not in ('taken', 'returned'), l.source_id limit 1;
  if x.store_id is null or x.flags & 32 <> 0 then
    delete from public.regional_counts d using legacy_migration.ledger l
     where l.store_id = its_store and l.slot = its_slot and l.started_at = its_start and l.source = 24 and d.id = l.source_id;
    delete from legacy_migration.ledger l where l.store_id = its_store and l.slot = its_slot and l.started_at = its_start and l.source = 24;
    return;
  elsif old_id is not null then
    update public.regional_counts d set occupancy = x.occupancy where d.id = old_id and d.occupancy is distinct from x.occupancy;
    update legacy_migration.ledger l set occupancy = x.occupancy, outcome = 'returned' where l.source = 24 and l.source_id = old_id;
    return;
  end if;
  select a.old_id into area from legacy_migration.areas a where a.sensor_id = x.sensor_id and a.region = x.region order by a.old_id limit 1;
  if area is null then  -- a region that nobody configured has a number here all the same
    insert into public.regions (sensor_id, code, name) values (coalesce(legacy_migration.old_id_of(3, x.sensor_id), legacy_migration.return_sensor(x.sensor_id)), x.region, x.region)
    returning id into area;
    perform legacy_migration.became(4, area, null, 'returned');
    insert into legacy_migration.areas (old_id, region, sensor_id, store_id, timezone) select area, x.region, x.sensor_id, its_store, s.timezone from data.stores s where s.id = its_store;
  end if;
  insert into public.regional_counts (region_id, recorded_at, occupancy, created_at)
  values (area, to_char(x.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), x.occupancy, x.received_at) returning id into old_id;
  insert into legacy_migration.ledger (source, source_id, store_id, slot, started_at, arrived_at, duration_ms, occupancy, flags, outcome)
  values (24, old_id, its_store, its_slot, its_start, x.received_at, x.duration_ms, x.occupancy, x.flags, 'returned');
end $$;
comment on function legacy_migration.return_level(integer, smallint, timestamptz) is 'Writes a reading of a region back';

create function legacy_migration.drain_returns(most integer) returns bigint
language plpgsql volatile as $$
declare
  r     record;
  taken bigint := 0;
begin
  perform legacy_migration.begin_work();
  for r in
    with gone as (delete from legacy_migration.returns c where c.n in (select x.n from legacy_migration.returns x order by x.n limit most) returning c.*)
    select g.kind, g.id, g.person, g.store_id, g.slot, g.started_at, min(g.n) as n, count(*) as times from gone g group by 1, 2, 3, 4, 5, 6 order by n
  loop
    case r.kind
      when 'people' then perform legacy_migration.return_people(r.store_id, r.slot, r.started_at);
      when 'level' then perform legacy_migration.return_level(r.store_id, r.slot, r.started_at);
      when 'store' then perform legacy_migration.return_store(r.id);
      when 'sensor' then perform legacy_migration.return_sensor(r.id);
      when 'region' then perform legacy_migration.return_region(r.id);
      when 'person' then perform legacy_migration.return_person(r.person);
      else perform legacy_migration.return_alert(r.id);
    end case;
    taken := taken + r.times;
  end loop;
  return taken;
end $$;
comment on function legacy_migration.drain_returns(integer) is 'Writes back what changed in the new schema. Returns how many changes.';
