-- Deploy lintel:views to pg
-- requires: policies
-- requires: slots

begin;
set local role lintel_owner;

-- A view joins no second table under policy: its policy would look through the reader's stores for every row,
-- which takes seconds for somebody with thousands. These run as the owner, for rows that a policy has let pass.
-- The names' functions need no search path: what they refer to was bound when they were made. Setting one would take
-- twice as long as the rest of the call.
create function private.store_name(id integer) returns text
language sql stable security definer
begin atomic
  select t.name from data.stores t where t.id = store_name.id;
end;
comment on function private.store_name(integer) is 'Name of a store, for views over rows the reader may see';

create function private.sensor_name(id integer) returns text
language sql stable security definer
begin atomic
  select s.name from data.sensor_metadata s where s.id = sensor_name.id;
end;
comment on function private.sensor_name(integer) is 'Name of a sensor, for views over rows the reader may see';

create function private.newest_reading(store_id integer, sensor_id integer) returns data.people_counting_raw
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  newest data.people_counting_raw;
begin
  select r.* into newest
    from private.slots t
   cross join lateral (
     select * from data.people_counting_raw p
      where p.store_id = t.store_id and p.slot = t.slot and p.flags & 32 = 0
      order by p.started_at desc
      limit 1) as r
   where t.store_id = newest_reading.store_id and t.sensor_id = newest_reading.sensor_id and not t.regional
   order by r.started_at desc
   limit 1;
  return newest;
end $$;
comment on function private.newest_reading(integer, integer) is 'Newest reading of a sensor, for views over rows the reader may see';

revoke all on function private.store_name(integer), private.sensor_name(integer), private.newest_reading(integer, integer)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function private.store_name(integer), private.sensor_name(integer),
  private.newest_reading(integer, integer) to authenticated, lintel_hq;

create view api.latest_sensor_data with (security_invoker = true) as
  select s.organization_id, s.store_id, s.id as sensor_id, s.public_id, s.name, s.model, s.status,
         s.last_data_received, s.offline_since,
         r.line, r.started_at, r.duration_ms, r.count_in, r.count_out
    from data.sensor_metadata s
    left join lateral private.newest_reading(s.store_id, s.id) as r on true
   where s.deleted_at is null;
comment on view api.latest_sensor_data is 'Every sensor the user may see, with its health and its newest reading';

create view api.hourly with (security_invoker = true) as
  select h.organization_id, h.store_id, private.store_name(h.store_id) as store_name,
         h.sensor_id, private.sensor_name(h.sensor_id) as sensor_name, h.line, h.region,
         h.hour_at, h.count_in, h.count_out, h.occupancy_max, h.readings, h.updated_at
    from data.hourly_analytics h;
comment on view api.hourly is 'Counts per hour of the stores the user may see. Always ask for a range of hour_at.';

create view api.daily with (security_invoker = true) as
  select d.organization_id, d.store_id, private.store_name(d.store_id) as store_name,
         d.sensor_id, private.sensor_name(d.sensor_id) as sensor_name, d.line, d.region,
         d.day, d.count_in, d.count_out, d.unallocated_in, d.unallocated_out, d.estimated_in, d.estimated_out,
         d.occupancy_max, d.readings, d.old_calendar, d.updated_at
    from data.daily_analytics d;
comment on view api.daily is
  'Counts per day of the stores the user may see; people = count + unallocated + estimated. old_calendar: counted by a calendar that was found wrong when the readings were gone.';

revoke all on api.latest_sensor_data, api.hourly, api.daily from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.latest_sensor_data, api.hourly, api.daily to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
