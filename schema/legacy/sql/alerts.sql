-- Three tables of alerts into one. The same sensor or store, kind and second of opening is the same alert.

create view legacy_migration.planned_alerts as
  select 11::smallint as source, a.id as source_id, st.target_id::integer as store_id, d.sensor_id, null::text as region, a.alert_type as kind, a.severity,
         a.message, o.at as opened_at, case when a.resolved_at is not null then r.at when a.is_resolved then o.at end as resolved_at, null::text as problem,
         'store:' || coalesce(a.store_id::text, 'none') as ref
    from public.analytics_alerts a
    left join legacy_migration.entities st on st.source = 2 and st.source_id = a.store_id
    left join data.stores s on s.id = st.target_id
    left join legacy_migration.doors d on d.old_id = a.sensor_id and d.store_id = st.target_id
    left join lateral legacy_migration.local_time(a.triggered_at, s.timezone, null) as o on true
    left join lateral legacy_migration.local_time(a.resolved_at, s.timezone, null) as r on true
  union all
  select 12::smallint, a.id, m.store_id, m.sensor_id, m.region, a.kind, case when a.level >= 3 then 'critical' when a.level = 0 then 'info' else 'warning' end, a.message,
         (t.read).at, a.cleared_at, (t.read).problem, 'region:' || coalesce(a.region_id::text, 'none')
    from public.regional_alerts a
    left join legacy_migration.areas m on m.old_id = a.region_id
   cross join lateral (select legacy_migration.read_time(a.created, m.timezone, null) as read offset 0) as t
  union all
  select 13::smallint, a.id, d.store_id, d.sensor_id, null, a.code, a.severity, a.text, to_timestamp(a.raised_epoch), to_timestamp(a.closed_epoch), null,
         'serial:' || coalesce(upper(btrim(a.sensor_serial)), 'none')
    from public.system_alerts a
    left join (select x.serial, min(x.sensor_id) as sensor_id, min(x.store_id) as store_id from legacy_migration.doors x group by x.serial having count(distinct x.sensor_id) = 1) as d
      on d.serial = upper(btrim(a.sensor_serial));
comment on view legacy_migration.planned_alerts is 'Old alerts as the new schema would have them';

create function legacy_migration.severity_of(typed text) returns text
language sql immutable
return case when lower(btrim(typed)) in ('high', 'critical', 'error', 'fatal', '3') then 'critical' when lower(btrim(typed)) in ('low', 'info', 'notice', '0', '1') then 'info' else 'warning' end;
comment on function legacy_migration.severity_of(text) is 'The severity that a word or number means; warning where nobody knows';

create function legacy_migration.take_alerts(its_source integer, ids bigint[]) returns void
language plpgsql volatile as $$
declare
  a     record;
  its   legacy_migration.entities;
  same  bigint;
  over  timestamptz;
  stale boolean;
begin
  for a in select p.*, s.organization_id from legacy_migration.planned_alerts p left join data.stores s on s.id = p.store_id
            where p.source = its_source and p.source_id = any (ids) order by p.source_id loop
    its := legacy_migration.known(its_source, a.source_id);
    delete from legacy_migration.report r where r.source = its_source and r.source_id = a.source_id;
    if a.problem is not null or a.store_id is null or a.opened_at is null then
      perform legacy_migration.complain(its_source, a.source_id, coalesce(a.problem, case when a.store_id is null then 'unknown_place' else 'no_time' end),
        case when a.store_id is null then 'its store, sensor or region does not exist, or waits itself' else 'nobody knows when it was' end, case when a.store_id is null then a.ref end);
      continue;
    end if;
    -- What nobody closed in a week nobody ever will: no rule of the new schema knows it.
    stale := a.resolved_at is null and a.opened_at < now() - interval '7 days';
    over := case when stale then now() else greatest(a.resolved_at, a.opened_at) end;
    if its.target_id is not null then
      update data.alerts n set message = left(coalesce(a.message, ''), 2000), severity = legacy_migration.severity_of(a.severity),
             state = (case when over is null then 'open' else 'resolved' end)::data.alert_state, resolution = case when over is null then null when stale then 'superseded' else 'ended' end,
             resolved_at = over, ended_at = over
       where n.id = its.target_id and its.outcome in ('created', 'returned') and (stale is false or n.resolved_at is null)
         and (n.message, n.resolved_at) is distinct from (left(coalesce(a.message, ''), 2000), over);
      delete from private.outbox o where o.alert_id = its.target_id;
      continue;
    end if;
    select n.id into same from data.alerts n
     where n.store_id = a.store_id and n.opened_at = a.opened_at and n.sensor_id is not distinct from a.sensor_id and n.region is not distinct from a.region
       and n.kind = left(coalesce(nullif(btrim(a.kind), ''), 'legacy'), 100) and n.details ? 'legacy' order by n.id limit 1;
    if same is null then
      insert into data.alerts (organization_id, store_id, sensor_id, region, kind, dedup_key, severity, state, message, details, opened_at, resolved_at, resolution, ended_at)
      values (a.organization_id, a.store_id, a.sensor_id, a.region, left(coalesce(nullif(btrim(a.kind), ''), 'legacy'), 100), format('legacy:%s:%s', its_source, a.source_id),
              legacy_migration.severity_of(a.severity), (case when over is null then 'open' else 'resolved' end)::data.alert_state, left(coalesce(a.message, ''), 2000),
              jsonb_build_object('legacy', format('%s:%s', its_source, a.source_id)), a.opened_at, over, case when over is null then null when stale then 'superseded' else 'ended' end, over)
      returning id into same;
      delete from private.outbox o where o.alert_id = same;  -- nobody is to be mailed what is long over
      perform legacy_migration.became(its_source, a.source_id, same, 'created');
    else
      perform legacy_migration.became(its_source, a.source_id, same, 'duplicate');
    end if;
  end loop;
end $$;
comment on function legacy_migration.take_alerts(integer, bigint[]) is 'Brings old alerts over; nobody is told of them';
