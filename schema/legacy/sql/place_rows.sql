-- Old organizations, stores, sensors, regions, people and rules into the new tables, one by one: they are few.

create function legacy_migration.known(its_source integer, its_id bigint) returns legacy_migration.entities
language plpgsql stable as $$
begin
  return (select e from legacy_migration.entities e where e.source = its_source and e.source_id = its_id);
end $$;
comment on function legacy_migration.known(integer, bigint) is 'What an old row became; null when nothing yet';

create function legacy_migration.became(its_source integer, its_id bigint, its_target bigint, its_outcome text, its_of bigint default null) returns void
language plpgsql volatile as $$
begin
  insert into legacy_migration.entities (source, source_id, target_id, outcome, of_id) values (its_source, its_id, its_target, its_outcome, its_of)
  on conflict (source, source_id) do update set target_id = excluded.target_id, of_id = excluded.of_id;
end $$;
comment on function legacy_migration.became(integer, bigint, bigint, text, bigint) is 'Records what an old row became';

create function legacy_migration.take_organizations(ids bigint[]) returns void
language plpgsql volatile as $$
declare
  o    record;
  its  legacy_migration.entities;
  made bigint;
begin
  for o in select * from legacy_migration.planned_organizations p where p.old_id = any (ids) or p.of_id = any (ids) order by p.old_id loop
    its := legacy_migration.known(1, o.old_id);
    if o.of_id <> o.old_id then
      perform legacy_migration.became(1, o.old_id, (legacy_migration.known(1, o.of_id)).target_id, 'duplicate', o.of_id);
    elsif its.target_id is null then
      made := (select n.id from data.organizations n where n.parent_id is null and lower(btrim(n.name)) = lower(o.name) and n.deleted_at is null order by n.id limit 1);
      if made is not null then
        perform legacy_migration.became(1, o.old_id, made, 'adopted');
      else
        insert into data.organizations (name, metadata) values (o.name, jsonb_build_object('legacy_id', o.old_id)) returning id into made;
        perform legacy_migration.became(1, o.old_id, made, 'created');
      end if;
    elsif its.outcome = 'created' then
      update data.organizations n set name = o.name where n.id = its.target_id and n.name <> o.name;
    end if;
    if its.target_id is null then
      perform legacy_migration.ask_again('organization:' || o.old_id);
    end if;
  end loop;
end $$;
comment on function legacy_migration.take_organizations(bigint[]) is 'Brings old organizations over';

create function legacy_migration.move_zone(old_store bigint, its_store integer, zone text) returns void
language plpgsql volatile as $$
begin
  if exists (select from data.stores s where s.id = its_store and s.timezone <> zone) then
    -- It was wrong all along: every local time of the store means another instant.
    update data.stores s set calendar = private.calendar_of(zone, s.day_start_minute) where s.id = its_store;
    update legacy_migration.doors d set timezone = zone where d.store_id = its_store;
    update legacy_migration.areas a set timezone = zone where a.store_id = its_store;
    insert into legacy_migration.changes (source, source_id) select l.source, l.source_id from legacy_migration.ledger l where l.store_id = its_store;
  end if;
end $$;
comment on function legacy_migration.move_zone(bigint, integer, text) is 'A store whose zone was put right has its readings looked at again';

create function legacy_migration.take_stores(ids bigint[]) returns void
language plpgsql volatile as $$
declare
  s      record;
  its    legacy_migration.entities;
  tenant bigint;
  made   integer;
begin
  for s in select * from legacy_migration.planned_stores p where p.old_id = any (ids) order by p.old_id loop
    its := legacy_migration.known(2, s.old_id);
    tenant := (legacy_migration.known(1, s.organization)).target_id;
    if its.target_id is not null and s.timezone is not null and its.outcome in ('created', 'returned') then
      perform legacy_migration.move_zone(s.old_id, its.target_id::integer, s.timezone);
      update data.stores n set name = s.name where n.id = its.target_id and n.name <> s.name;
    elsif its.target_id is null and (s.problem is not null or tenant is null) then
      perform legacy_migration.complain(2, s.old_id, coalesce(s.problem, 'unknown_organization'),
        case s.problem when 'unknown_timezone' then format('"%s" is no time zone: add what it means to legacy_migration.zones, or put it right in the old table, then: migrate recheck', s.typed)
                       else 'its organization does not exist' end, s.ref);
    elsif its.target_id is null then
      made := (select n.id from data.stores n where n.organization_id = tenant and n.name = s.name and n.deleted_at is null order by n.id limit 1);
      if made is not null then
        perform legacy_migration.became(2, s.old_id, made, 'adopted');
      else
        insert into data.stores (organization_id, node_id, name, timezone, metadata)
        values (tenant, tenant, s.name, s.timezone, jsonb_strip_nulls(jsonb_build_object('legacy_id', s.old_id, 'address', s.address))) returning id into made;
        perform legacy_migration.became(2, s.old_id, made, 'created');
      end if;
      if not exists (select from data.gateways g where g.store_id = made) then
        insert into data.gateways (organization_id, store_id, name) values (tenant, made, left(s.name, 192) || ' gateway');
      end if;
      delete from legacy_migration.report r where r.source = 2 and r.source_id = s.old_id;
      perform legacy_migration.ask_again('store:' || s.old_id);
    end if;
  end loop;
end $$;
comment on function legacy_migration.take_stores(bigint[]) is 'Brings old stores over, each with a gateway for the card that will enrol there';

create function legacy_migration.take_sensors(ids bigint[]) returns void
language plpgsql volatile as $$
declare
  d     record;
  place data.stores;
  its   legacy_migration.entities;
  found_sensor integer;
  was_there boolean;
begin
  for d in select * from legacy_migration.planned_sensors p where p.old_id = any (ids) or p.of_id = any (ids) order by p.old_id loop
    its := legacy_migration.known(3, d.old_id);
    select n.* into place from data.stores n where n.id = (legacy_migration.known(2, d.store)).target_id;
    if place.id is null then
      if its.target_id is null then
        perform legacy_migration.complain(3, d.old_id, 'unknown_store', format('its store %s does not exist, or waits itself', coalesce(d.store::text, '(none)')), 'store:' || coalesce(d.store::text, 'none'));
      end if;
      continue;
    end if;
    if its.target_id is not null and exists (select from data.sensor_metadata m where m.id = its.target_id and m.store_id = place.id and upper(m.serial) = d.serial) then
      update data.sensor_metadata m set name = d.name where m.id = its.target_id and m.name <> d.name and its.outcome in ('created', 'returned');
      continue;
    end if;
    select m.id into found_sensor from data.sensor_metadata m where m.store_id = place.id and upper(m.serial) = d.serial order by m.id limit 1;
    was_there := found;
    if not was_there then
      insert into data.sensor_metadata (organization_id, store_id, gateway_id, serial, name, model, lifecycle, metadata)
      values (place.organization_id, place.id, (select g.id from data.gateways g where g.store_id = place.id order by g.deleted_at is not null, g.id limit 1),
              d.serial, d.name, d.model, 'active', jsonb_strip_nulls(jsonb_build_object('legacy_id', d.old_id, 'legacy_status', d.status)))
      returning id into found_sensor;
    end if;
    -- Counts that named it by its number or serial may be another sensor's now, or nobody's: so those of the serial it had, and of the one it has.
    if its.target_id is not null then
      insert into legacy_migration.changes (source, source_id) select c.source, c.source_id from legacy_migration.counts_of_sensor(d.old_id) as c;
    end if;
    perform legacy_migration.became(3, d.old_id, found_sensor,
      case when not was_there then 'created' when d.of_id <> d.old_id then 'duplicate' else 'adopted' end, nullif(d.of_id, d.old_id));
    insert into legacy_migration.doors (old_id, serial, sensor_id, store_id, timezone) values (d.old_id, d.serial, found_sensor, place.id, place.timezone)
    on conflict (old_id) do update set serial = excluded.serial, sensor_id = excluded.sensor_id, store_id = excluded.store_id, timezone = excluded.timezone;
    delete from legacy_migration.report r where r.source = 3 and r.source_id = d.old_id;
    if its.target_id is not null or exists (select from legacy_migration.doors o where o.serial = d.serial and o.sensor_id <> found_sensor) then
      insert into legacy_migration.changes (source, source_id) select c.source, c.source_id from legacy_migration.counts_of_sensor(d.old_id) as c;
    end if;
    perform legacy_migration.ask_again('sensor:' || d.old_id), legacy_migration.ask_again('serial:' || d.serial);
  end loop;
end $$;
comment on function legacy_migration.take_sensors(bigint[]) is 'Brings old sensors over';

create function legacy_migration.take_regions(ids bigint[]) returns void
language plpgsql volatile as $$
declare
  r     record;
  door  legacy_migration.doors;
  its   legacy_migration.entities;
  made  bigint;
  was_there boolean;
begin
  for r in select * from legacy_migration.planned_regions p where p.old_id = any (ids) or p.of_id = any (ids) order by p.old_id loop
    its := legacy_migration.known(4, r.old_id);
    select d.* into door from legacy_migration.doors d where d.old_id = r.sensor;
    if door.sensor_id is null then
      if its.target_id is null then
        perform legacy_migration.complain(4, r.old_id, 'unknown_sensor', 'its sensor does not exist, or waits itself', coalesce(r.ref, 'sensor:' || coalesce(r.sensor::text, 'none')));
      end if;
      continue;
    end if;
    select c.id into made from data.region_configurations c where c.store_id = door.store_id and c.sensor_id = door.sensor_id and c.region = r.region;
    was_there := found;
    if not was_there then
      insert into data.region_configurations (organization_id, store_id, sensor_id, region, name, capacity, metadata)
      select m.organization_id, m.store_id, m.id, r.region, r.name, r.capacity, jsonb_strip_nulls(jsonb_build_object('legacy_id', r.old_id, 'legacy_max_people', r.max_people))
        from data.sensor_metadata m where m.id = door.sensor_id returning id into made;
    elsif its.outcome in ('created', 'returned') then
      update data.region_configurations c set name = r.name, capacity = r.capacity where c.id = made and (c.name, c.capacity) is distinct from (r.name, r.capacity);
    end if;
    if r.max_people is not null and r.capacity is null then
      perform legacy_migration.complain(4, r.old_id, 'unreadable_capacity', format('"%s" is no number of people; it is kept in metadata', r.max_people), null, false);
    end if;
    if exists (select from legacy_migration.areas a where a.old_id = r.old_id and (a.sensor_id, a.region) is distinct from (door.sensor_id, r.region)) then
      insert into legacy_migration.changes (source, source_id) select 24, x.id from public.regional_counts x where x.region_id = r.old_id;
    end if;
    if its.target_id is distinct from made then
      perform legacy_migration.became(4, r.old_id, made, case when not was_there then 'created' when r.of_id <> r.old_id then 'duplicate' else 'adopted' end, nullif(r.of_id, r.old_id));
      delete from legacy_migration.report x where x.source = 4 and x.source_id = r.old_id and x.left_out;
    end if;
    insert into legacy_migration.areas (old_id, region, sensor_id, store_id, timezone) values (r.old_id, r.region, door.sensor_id, door.store_id, door.timezone)
    on conflict (old_id) do update set region = excluded.region, sensor_id = excluded.sensor_id, store_id = excluded.store_id, timezone = excluded.timezone;
    perform legacy_migration.ask_again('region:' || r.old_id);
  end loop;
end $$;
comment on function legacy_migration.take_regions(bigint[]) is 'Brings old regions over';

create function legacy_migration.take_users(ids bigint[]) returns void
language plpgsql volatile as $$
declare
  u       record;
  its     legacy_migration.entities;
  tenant  bigint;
  its_role text;
  stores  integer[];
  problem text;
begin
  for u in select * from public.users p where p.id = any (ids) order by p.id loop
    its := legacy_migration.known(5, u.id);
    tenant := (legacy_migration.known(1, u.organization_id)).target_id;
    its_role := (select r.role from legacy_migration.user_roles r where r.old_role = lower(btrim(u.role)));
    problem := case when coalesce(u.auth_id, '') !~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$' then 'no_subject'
                    when tenant is null then 'unknown_organization' when its_role is null then 'unknown_role' end;
    if problem is not null then
      perform legacy_migration.complain(5, u.id, problem, case problem when 'no_subject' then 'auth_id is no subject of a token (a uuid)'
        when 'unknown_role' then format('role "%s" is not in legacy_migration.user_roles', u.role) else 'its organization does not exist' end,
        case problem when 'unknown_organization' then 'organization:' || coalesce(u.organization_id::text, 'none') end);
      continue;
    end if;
    delete from legacy_migration.report r where r.source = 5 and r.source_id = u.id and r.reason <> problem is not true;
    stores := array(select distinct n.id from public.user_stores s join legacy_migration.entities e on e.source = 2 and e.source_id = s.store_id
                      join data.stores n on n.id = e.target_id and n.organization_id = tenant where s.user_id = u.id order by 1);
    if its.target is null then
      insert into data.user_profiles (id, organization_id, role, display_name, email_notifications, store_ids, metadata)
      values (u.auth_id::uuid, tenant, its_role, left(coalesce(u.full_name, ''), 200), coalesce(u.wants_mail, 0) <> 0, stores, jsonb_build_object('legacy_id', u.id))
      on conflict (id) do nothing;
      insert into legacy_migration.entities (source, source_id, target, outcome) values (5, u.id, u.auth_id::uuid, case when found then 'created' else 'adopted' end);
      perform legacy_migration.ask_again('user:' || u.id);
    elsif its.outcome in ('created', 'returned') then
      update data.user_profiles p set store_ids = stores, display_name = left(coalesce(u.full_name, ''), 200), role = its_role, email_notifications = coalesce(u.wants_mail, 0) <> 0
       where p.id = its.target
         and (p.store_ids, p.display_name, p.role, p.email_notifications) is distinct from (stores, left(coalesce(u.full_name, ''), 200), its_role, coalesce(u.wants_mail, 0) <> 0);
    end if;
  end loop;
end $$;
comment on function legacy_migration.take_users(bigint[]) is 'Brings old people over: what they may see, no passwords';

create function legacy_migration.take_user_stores(ids bigint[]) returns void
language plpgsql volatile as $$
declare
  s       record;
  problem text;
begin
  perform legacy_migration.take_users(array(select distinct x.user_id::bigint from public.user_stores x where x.id = any (ids) and x.user_id is not null));
  for s in select x.id, x.user_id, x.store_id, e.target as person, n.organization_id as store_tenant, p.organization_id as tenant, p.store_ids, t.target_id as store
             from public.user_stores x
             left join legacy_migration.entities e on e.source = 5 and e.source_id = x.user_id
             left join data.user_profiles p on p.id = e.target
             left join legacy_migration.entities t on t.source = 2 and t.source_id = x.store_id
             left join data.stores n on n.id = t.target_id
            where x.id = any (ids) order by x.id loop
    delete from legacy_migration.report r where r.source = 6 and r.source_id = s.id;
    problem := case when s.person is null then 'unknown_user' when s.store is null then 'unknown_store' when s.tenant <> s.store_tenant then 'foreign_store'
                    when not s.store::integer = any (s.store_ids) then 'not_taken_over' end;
    if problem is not null then
      perform legacy_migration.complain(6, s.id, problem, case problem when 'foreign_store' then 'the store belongs to another organization than the person'
        when 'not_taken_over' then 'the profile was there before; its rights are left as they are' else 'it does not exist, or waits itself' end,
        case problem when 'unknown_user' then 'user:' || coalesce(s.user_id::text, 'none') when 'unknown_store' then 'store:' || coalesce(s.store_id::text, 'none') end);
    else
      insert into legacy_migration.entities (source, source_id, target, target_id, outcome) values (6, s.id, s.person, s.store, 'created') on conflict (source, source_id) do nothing;
    end if;
  end loop;
end $$;
comment on function legacy_migration.take_user_stores(bigint[]) is 'Brings over who sees which stores';

create function legacy_migration.take_user_regions(ids bigint[]) returns void
language sql volatile as $$
  select legacy_migration.complain(7, r.id, 'region_right', 'there are no rights by region; giving the store would show more than before')
    from public.user_regions r where r.id = any (ids)
$$;
comment on function legacy_migration.take_user_regions(bigint[]) is 'Reports rights by region, which there are none of';

-- Of several rules of a store and type the one changed last holds.
create function legacy_migration.take_alert_rules(ids bigint[]) returns void
language plpgsql volatile as $$
declare
  r       record;
  its     bigint;
  key     text;
  problem text;
  detail  text;
begin
  for r in select x.*, lower(btrim(x.rule_type)) as rule, first_value(x.id) over w as newest, first_value(x.threshold) over w as held
             from public.alert_rules x
            where (x.store_id, lower(btrim(x.rule_type))) in (select y.store_id, lower(btrim(y.rule_type)) from public.alert_rules y where y.id = any (ids))
           window w as (partition by x.store_id, lower(btrim(x.rule_type)) order by x.updated_at desc nulls last, x.id desc)
            order by x.id loop
    delete from legacy_migration.report p where p.source = 8 and p.source_id = r.id;
    its := (legacy_migration.known(2, r.store_id)).target_id;
    key := case r.rule when 'sensor_offline' then 'minutes' when 'no_people' then 'hours' when 'zero_while_open' then 'hours' when 'capacity' then 'percent' end;
    problem := case when its is null then 'unknown_store' when key is null then 'no_such_rule' when r.threshold !~ '^ *[0-9]{1,6} *$' then 'unreadable_threshold'
                    when r.newest <> r.id and btrim(r.held) <> btrim(r.threshold) then 'conflict' end;
    detail := case problem when 'conflict' then format('row %s was changed later and says %s', r.newest, r.held) when 'no_such_rule' then format('there is no rule "%s"', r.rule_type)
                           when 'unreadable_threshold' then format('"%s" is no number', r.threshold) end;
    if problem is null and r.newest = r.id then
      begin
        update data.stores s
           set settings = jsonb_set(s.settings || jsonb_build_object('alert_rules', coalesce(s.settings -> 'alert_rules', '{}')), array['alert_rules', r.rule],
                                    jsonb_build_object(key, btrim(r.threshold)::integer, 'enabled', coalesce(r.enabled, 1) <> 0))
         where s.id = its;
      exception when check_violation then
        problem := 'refused';
        detail := sqlerrm;
      end;
    end if;
    if problem is not null then
      delete from legacy_migration.entities e where e.source = 8 and e.source_id = r.id;
      perform legacy_migration.complain(8, r.id, problem, detail, case when problem = 'unknown_store' then 'store:' || coalesce(r.store_id::text, 'none') end);
    else
      perform legacy_migration.became(8, r.id, its, case when r.newest = r.id then 'created' else 'duplicate' end, nullif(r.newest, r.id));
    end if;
  end loop;
end $$;
comment on function legacy_migration.take_alert_rules(bigint[]) is 'Rules the new schema has become settings of the store';
