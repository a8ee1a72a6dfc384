-- Deploy lintel:store_rules to pg
-- requires: alert_lifecycle
-- requires: sync_devices
-- requires: rollups
-- What a store's rules find after a sync's counts. Each returns findings of this gateway's share; null means that it
-- cannot be told now, so alerts stay as they are. All read by key, at most once a minute and gateway.

begin;
set local role lintel_owner;

create table private.reading_quality (
  gateway_id bigint not null references data.gateways (id) on delete cascade,
  hour_at    timestamptz not null,
  taken      bigint not null default 0 check (taken >= 0),
  rejected   bigint not null default 0 check (rejected >= 0),
  codes      jsonb not null default '{}',
  primary key (gateway_id, hour_at)
) with (fillfactor = 70);
comment on table private.reading_quality is 'Hours in which HQ rejected readings of a gateway, from the first rejection on; good hours have no row';
comment on column private.reading_quality.gateway_id is 'The gateway';
comment on column private.reading_quality.hour_at is 'The hour in which HQ received them';
comment on column private.reading_quality.taken is 'Readings that were taken since the first rejection; repeats count again';
comment on column private.reading_quality.rejected is 'Readings that were rejected; repeats count again';
comment on column private.reading_quality.codes is 'Those by code';
alter table private.reading_quality enable row level security;
revoke all on private.reading_quality from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.note_quality(gateway_id bigint, readings bigint, rejected jsonb) returns void
language plpgsql volatile as $$
declare
  this_hour constant timestamptz := date_trunc('hour', now(), 'UTC');
  refused   constant bigint := jsonb_array_length(rejected);
  by_code   jsonb := '{}';
begin
  if refused = 0 then
    perform from private.reading_quality q where q.gateway_id = note_quality.gateway_id and q.hour_at = this_hour;
    if not found then
      return;
    end if;
  end if;
  if refused > 0 then
    by_code := (select jsonb_object_agg(c.code, c.n) from (select r ->> 'code' as code, count(*) as n from jsonb_array_elements(rejected) as r group by 1) as c);
  end if;
  update private.reading_quality q
     set taken = q.taken + readings, rejected = q.rejected + refused,
         codes = case when refused = 0 then q.codes else (
           select jsonb_object_agg(k.key, k.n) from (
             select e.key, sum(e.value::bigint) as n
               from (select * from jsonb_each_text(q.codes) union all select * from jsonb_each_text(by_code)) as e group by e.key) as k) end
   where q.gateway_id = note_quality.gateway_id and q.hour_at = this_hour;
  if not found and refused > 0 then
    insert into private.reading_quality (gateway_id, hour_at, taken, rejected, codes)
    values (note_quality.gateway_id, this_hour, readings, refused, by_code);
    delete from private.reading_quality q where q.gateway_id = note_quality.gateway_id and q.hour_at < now() - interval '30 days';
  end if;
end $$;
comment on function private.note_quality(bigint, bigint, jsonb) is 'Adds up what a request''s readings were worth; writes nothing as long as none is rejected';

create function private.said_at(at timestamptz, timezone text) returns text
language sql stable
return to_char(at at time zone timezone, 'YYYY-MM-DD HH24:MI');
comment on function private.said_at(timestamptz, text) is 'An instant as a store''s people write it';

create function private.find_sensor_offline(gateway data.gateways, store data.stores, setting jsonb) returns private.finding[]
language plpgsql stable as $$
begin
  return array(
    select row('sensor_offline:' || s.id, s.id, null,
               t.since <= now() - make_interval(mins => (setting ->> 'minutes')::integer),
               format('Sensor "%s" has been silent since %s. Check its power, cable or battery; the gateway''s page says what it last heard.',
                      s.name, private.said_at(t.since, store.timezone)),
               jsonb_build_object('since', t.since))::private.finding
      from data.sensor_metadata s
     cross join lateral (select coalesce(least(s.offline_since, s.last_data_received), now()) as since) as t
     where s.store_id = store.id and s.gateway_id = gateway.id and s.status = 'offline' and s.deleted_at is null
       and s.lifecycle not in ('completed', 'cancelled', 'archived'));
end $$;
comment on function private.find_sensor_offline(data.gateways, data.stores, jsonb) is
  'Sensors the gateway calls offline, silent for longer than the rule says. The gateway''s judgement, since only it knows which sensors are merely quiet.';

-- Series that counted people in the last two weeks: a door nobody ever uses is not accused.
create function private.quiet_sensors(gateway_id bigint, store_id integer, since timestamptz)
returns table (sensor_id integer, name text, online boolean, quiet boolean)
language plpgsql stable as $$
begin
  return query
  select s.id, s.name, s.status in ('online', 'degraded'),
         not exists (select from data.hourly_analytics h
                      where h.store_id = s.store_id and h.sensor_id = s.id and h.hour_at >= date_trunc('hour', since, 'UTC')
                        and h.count_in + h.count_out > 0)
     and not exists (select from data.daily_analytics d
                      where d.store_id = s.store_id and d.sensor_id = s.id and d.day >= (since at time zone 'UTC')::date
                        and d.unallocated_in + d.unallocated_out + d.estimated_in + d.estimated_out > 0)
    from data.sensor_metadata s
   where s.store_id = quiet_sensors.store_id and s.deleted_at is null
     and s.lifecycle not in ('completed', 'cancelled', 'archived')
     and (quiet_sensors.gateway_id is null or s.gateway_id = quiet_sensors.gateway_id)
     and exists (select from data.daily_analytics d
                  where d.store_id = s.store_id and d.sensor_id = s.id
                    and d.day between (since at time zone 'UTC')::date - 14 and (since at time zone 'UTC')::date + 1
                    and d.count_in + d.count_out > 0);
end $$;
comment on function private.quiet_sensors(bigint, integer, timestamptz) is 'Sensors that used to count people, and whether they have counted nobody since';

create function private.find_zero_while_open(gateway data.gateways, store data.stores, setting jsonb, hours jsonb) returns private.finding[]
language plpgsql stable as $$
declare
  since timestamptz := private.open_since(hours, store.timezone, now(), make_interval(hours => (setting ->> 'hours')::integer));
begin
  if hours is null then
    return '{}';  -- who has not said when the store is open has no rule
  end if;
  return array(
    select row('zero_while_open:' || q.sensor_id, q.sensor_id, null, case when q.online then q.quiet end,
               format('Sensor "%s" has counted nobody for %s hours in which the store was open. Walk through its door and see whether it counts; it may be covered, turned or wired to nothing.',
                      q.name, setting ->> 'hours'),
               jsonb_build_object('since', since, 'hours', setting -> 'hours'))::private.finding
      from private.quiet_sensors(gateway.id, store.id, since) as q);
end $$;
comment on function private.find_zero_while_open(data.gateways, data.stores, jsonb, jsonb) is
  'Sensors that are heard but counted nobody for some hours of opening time';

create function private.find_no_people(store data.stores, setting jsonb, hours jsonb) returns private.finding[]
language plpgsql stable as $$
declare
  since timestamptz := private.open_since(hours, store.timezone, now(), make_interval(hours => (setting ->> 'hours')::integer));
begin
  return array(
    select row('no_people', null, null, bool_and(q.quiet),
               format('No sensor has counted anybody for %s hours. Is the store open? If so, look at the sensors'' power and at the gateway''s links.',
                      setting ->> 'hours'),
               jsonb_build_object('since', since, 'sensors', count(*)))::private.finding
      from private.quiet_sensors(null, store.id, since) as q
    having bool_or(q.online));
end $$;
comment on function private.find_no_people(data.stores, jsonb, jsonb) is 'A store in which nobody was counted for some hours of opening time (of the clock where nobody said when it is open)';

create function private.find_capacity(gateway data.gateways, store data.stores, setting jsonb) returns private.finding[]
language plpgsql stable as $$
begin
  if not exists (select from data.region_configurations c where c.store_id = store.id and c.capacity is not null) then
    return '{}';
  end if;
  return array(
    select row(format('capacity:%s:%s', c.sensor_id, c.region), c.sensor_id, c.region,
               r.occupancy > c.capacity * (setting ->> 'percent')::numeric / 100,
               format('%s people in "%s", which holds %s. Let nobody in until some have left.', r.occupancy, c.name, c.capacity),
               jsonb_build_object('occupancy', r.occupancy, 'capacity', c.capacity, 'at', r.started_at))::private.finding
      from data.sensor_metadata s
      join data.region_configurations c on c.store_id = s.store_id and c.sensor_id = s.id
      left join lateral (
        select l.occupancy, l.started_at from data.regional_counting_raw l
         where l.store_id = c.store_id and l.sensor_id = c.sensor_id and l.region = c.region and l.flags & 32 = 0
           and l.started_at > now() - interval '1 hour' and l.started_at < now() + interval '1 day'
         order by l.started_at desc, l.seq desc limit 1) as r on true
     where s.store_id = store.id and s.gateway_id = gateway.id and c.capacity is not null and c.deleted_at is null
       and c.lifecycle not in ('completed', 'cancelled', 'archived'));
end $$;
comment on function private.find_capacity(data.gateways, data.stores, jsonb) is
  'Regions whose newest reading, at most an hour old, is above the capacity in region_configurations';

create function private.find_data_error_rate(gateway data.gateways, setting jsonb) returns private.finding[]
language plpgsql stable as $$
begin
  -- Of the last two hours; ten readings are the least that say anything.
  return array(
    select row('data_error_rate:' || gateway.id, null, null,
               sum(q.rejected) >= 10 and sum(q.rejected) * 100 > sum(q.rejected + q.taken) * (setting ->> 'percent')::numeric,
               format('HQ rejected %s of %s readings of gateway "%s" in the last two hours. "lintel quarantine" at the gateway names each and why.',
                      sum(q.rejected), sum(q.rejected + q.taken), gateway.name),
               jsonb_build_object('rejected', sum(q.rejected), 'taken', sum(q.taken), 'codes', (array_agg(q.codes order by q.hour_at desc))[1]))::private.finding
      from private.reading_quality q
     where q.gateway_id = gateway.id and q.hour_at > now() - interval '2 hours'
    having count(*) > 0);
end $$;
comment on function private.find_data_error_rate(data.gateways, jsonb) is 'A gateway of whose readings HQ has to reject more than some percent';

create function private.find_clock(gateway data.gateways, setting jsonb, said jsonb) returns private.finding[]
language plpgsql stable as $$
declare
  off numeric;
begin
  if not private.is_integer(said) then
    return null;
  end if;
  off := round((said #>> '{}')::numeric / 1000 - extract(epoch from clock_timestamp()));
  return array[row('clock:' || gateway.id, null, null, abs(off) > (setting ->> 'seconds')::numeric,
    format('The clock of gateway "%s" is %s seconds %s. Let it reach a time server (NTP, UDP port 123), or look at its clock battery.',
           gateway.name, abs(off), case when off > 0 then 'ahead' else 'behind' end),
    jsonb_build_object('seconds', off))::private.finding];
end $$;
comment on function private.find_clock(data.gateways, jsonb, jsonb) is 'A gateway whose clock (time in its request) differs from HQ''s';

create function private.judge_store(gateway data.gateways, store data.stores, body jsonb) returns void
language plpgsql volatile as $$
declare
  rules    jsonb;
  hours    jsonb;
  open     boolean;
  rule     text;
  found    private.finding[];
  pending  boolean;
  -- While a backlog is still on its way, nobody knows yet that nobody was counted.
  drained  constant boolean := coalesce((case when private.is_integer(body #> '{health,backlog}') then body #>> '{health,backlog}' end)::bigint, 0)
                               <= (body ->> 'to')::bigint - (body ->> 'after')::bigint;
begin
  -- Two gateways of one store take turns; who comes second comes again in a minute.
  if not pg_try_advisory_xact_lock(hashtext('lintel.judge_store'), store.id) then
    return;
  end if;
  pending := exists (select from data.alerts a where a.store_id = store.id and a.ended_at is null);
  rules := private.rules_of(store);
  hours := private.opening_hours(store.settings, store.node_id);
  open := private.is_open(hours, store.timezone, now());
  foreach rule in array '{sensor_offline,zero_while_open,no_people,capacity,data_error_rate,clock}'::text[] loop
    begin
      found := case
        when not (rules -> rule ->> 'enabled')::boolean then '{}'
        when rule = 'sensor_offline' then private.find_sensor_offline(gateway, store, rules -> rule)
        when rule = 'zero_while_open' and drained then private.find_zero_while_open(gateway, store, rules -> rule, hours)
        when rule = 'no_people' and drained then private.find_no_people(store, rules -> rule, hours)
        when rule = 'capacity' then private.find_capacity(gateway, store, rules -> rule)
        when rule = 'data_error_rate' then private.find_data_error_rate(gateway, rules -> rule)
        when rule = 'clock' then private.find_clock(gateway, rules -> rule, body -> 'time')
      end;
      -- Nothing found and nothing to end: how it nearly always is.
      if found is not null and (pending or found <> '{}') then
        perform private.apply_findings(store, case when rule <> 'no_people' then gateway.id end, rule, rules -> rule,
                                       open or (rules -> rule ->> 'while_closed')::boolean, found);
      end if;
    exception when others then
      perform private.note_rule_failure(store.id, rule, sqlstate, sqlerrm);
    end;
  end loop;
end $$;
comment on function private.judge_store(data.gateways, data.stores, jsonb) is
  'Evaluates the rules of a store for one gateway. One that fails is recorded and does not stop the others.';

do $$
declare
  made regprocedure;
begin
  for made in select p.oid from pg_proc p where p.pronamespace = 'private'::regnamespace
                and (p.proname like 'find\_%' or p.proname in ('note_quality', 'said_at', 'quiet_sensors', 'judge_store')) loop
    execute format('revoke all on function %s from public, anon, authenticated, lintel_gateway, lintel_hq', made);
  end loop;
end $$;

notify pgrst, 'reload schema';
commit;
