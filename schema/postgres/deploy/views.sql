-- Deploy lintel:views to pg
-- requires: policies

begin;
set local role lintel_owner;

create view api.latest_sensor_data with (security_invoker = true) as
  select s.organization_id, s.store_id, s.id as sensor_id, s.public_id, s.name, s.model, s.status,
         s.last_data_received, s.offline_since,
         r.line, r.started_at, r.duration_ms, r.count_in, r.count_out
    from data.sensor_metadata s
    left join lateral (
      select l.line, l.started_at, l.duration_ms, l.count_in, l.count_out
        from data.people_counting_raw l
       where l.store_id = s.store_id and l.sensor_id = s.id and l.flags & 32 = 0
       order by l.started_at desc
       limit 1) as r on true
   where s.deleted_at is null;
comment on view api.latest_sensor_data is 'Every sensor the user may see, with its health and its newest reading';

create view api.hourly with (security_invoker = true) as
  select h.organization_id, h.store_id, t.name as store_name, h.sensor_id, s.name as sensor_name, h.line, h.region,
         h.hour_at, h.count_in, h.count_out, h.occupancy_max, h.readings, h.updated_at
    from data.hourly_analytics h
    join data.stores t on t.id = h.store_id
    join data.sensor_metadata s on s.id = h.sensor_id;
comment on view api.hourly is 'Counts per hour of the stores the user may see. Always ask for a range of hour_at.';

create view api.daily with (security_invoker = true) as
  select d.organization_id, d.store_id, t.name as store_name, d.sensor_id, s.name as sensor_name, d.line, d.region,
         d.day, d.count_in, d.count_out, d.unallocated_in, d.unallocated_out, d.estimated_in, d.estimated_out,
         d.occupancy_max, d.readings, d.updated_at
    from data.daily_analytics d
    join data.stores t on t.id = d.store_id
    join data.sensor_metadata s on s.id = d.sensor_id;
comment on view api.daily is 'Counts per day of the stores the user may see; people = count + unallocated + estimated';

revoke all on api.latest_sensor_data, api.hourly, api.daily from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.latest_sensor_data, api.hourly, api.daily to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
