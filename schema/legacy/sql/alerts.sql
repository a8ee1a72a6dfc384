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

-- What nobody closed in a week nobody ever will: no rule of the new schema knows it.
create function legacy_migration.over_at(a legacy_migration.planned_alerts) returns timestamptz
language sql stable
return case when a.resolved_at is null and a.opened_at < now() - interval '7 days' then now() else greatest(a.resolved_at, a.opened_at) end;
comment on function legacy_migration.over_at(legacy_migration.planned_alerts) is 'When an alert was over; null while it is open';

create function legacy_migration.kind_of(typed text) returns text
language sql immutable
return left(coalesce(nullif(btrim(typed), ''), 'legacy'), 100);
comment on function legacy_migration.kind_of(text) is 'The kind of an alert as the new schema takes it';

-- By the indexes, whatever the planner remembers of tables that were empty a moment ago.
create function legacy_migration.take_planned_alerts(planned legacy_migration.planned_alerts[]) returns void
language plpgsql volatile set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  made bigint[];
begin
  update data.alerts n
     set message = left(coalesce(a.message, ''), 2000), severity = legacy_migration.severity_of(a.severity), resolved_at = o.over_at, ended_at = o.over_at,
         state = (case when o.over_at is null then 'open' else 'resolved' end)::data.alert_state,
         resolution = case when o.over_at is null then null when a.resolved_at is null then 'superseded' else 'ended' end
    from unnest(planned) as a
    join legacy_migration.entities e on e.source = a.source and e.source_id = a.source_id and e.outcome in ('created', 'returned')
   cross join lateral (select legacy_migration.over_at(a) as over_at) as o
   where n.id = e.target_id and (a.resolved_at is not null or n.resolved_at is null)
     and (n.message, n.resolved_at) is distinct from (left(coalesce(a.message, ''), 2000), o.over_at);

  with added as (
    insert into data.alerts (organization_id, store_id, sensor_id, region, kind, dedup_key, severity, state, message, details, opened_at, resolved_at, resolution, ended_at)
    select distinct on (a.store_id, a.sensor_id, a.region, legacy_migration.kind_of(a.kind), a.opened_at)
           s.organization_id, a.store_id, a.sensor_id, a.region, legacy_migration.kind_of(a.kind), format('legacy:%s:%s', a.source, a.source_id), legacy_migration.severity_of(a.severity),
           (case when o.over_at is null then 'open' else 'resolved' end)::data.alert_state, left(coalesce(a.message, ''), 2000), jsonb_build_object('legacy', format('%s:%s', a.source, a.source_id)),
           a.opened_at, o.over_at, case when o.over_at is null then null when a.resolved_at is null then 'superseded' else 'ended' end, o.over_at
      from unnest(planned) as a
      join data.stores s on s.id = a.store_id
     cross join lateral (select legacy_migration.over_at(a) as over_at) as o
     where not exists (select from legacy_migration.entities e where e.source = a.source and e.source_id = a.source_id)
       and not exists (select from data.alerts n where n.store_id = a.store_id and n.opened_at = a.opened_at and n.sensor_id is not distinct from a.sensor_id
                          and n.region is not distinct from a.region and n.kind = legacy_migration.kind_of(a.kind) and n.details ? 'legacy')
     order by a.store_id, a.sensor_id, a.region, legacy_migration.kind_of(a.kind), a.opened_at, a.source_id
    returning id)
  select array_agg(id) into made from added;
  insert into legacy_migration.entities (source, source_id, target_id, outcome)
  select a.source, a.source_id, n.id, case when n.details ->> 'legacy' = format('%s:%s', a.source, a.source_id) then 'created' else 'duplicate' end
    from unnest(planned) as a
   cross join lateral (select x.id, x.details from data.alerts x where x.store_id = a.store_id and x.opened_at = a.opened_at and x.sensor_id is not distinct from a.sensor_id
                          and x.region is not distinct from a.region and x.kind = legacy_migration.kind_of(a.kind) and x.details ? 'legacy' order by x.id limit 1) as n
  on conflict (source, source_id) do nothing;
  -- Nobody is to be mailed what is long over.
  delete from private.outbox o
   where o.alert_id = any (made || array(select e.target_id from unnest(planned) as a join legacy_migration.entities e on e.source = a.source and e.source_id = a.source_id));
end $$;
comment on function legacy_migration.take_planned_alerts(legacy_migration.planned_alerts[]) is 'Brings alerts that were understood into the one table';

create function legacy_migration.take_alerts(its_source integer, ids bigint[]) returns void
language plpgsql volatile as $$
declare
  planned legacy_migration.planned_alerts[] := array(
    select p from legacy_migration.planned_alerts p where p.source = its_source and p.source_id = any (ids) order by p.source_id);
begin
  delete from legacy_migration.report r where r.source = its_source and r.source_id = any (ids);
  perform legacy_migration.complain(its_source, a.source_id, coalesce(a.problem, case when a.store_id is null then 'unknown_place' else 'no_time' end),
            case when a.store_id is null then 'its store, sensor or region does not exist, or waits itself' else 'nobody knows when it was' end, case when a.store_id is null then a.ref end)
     from unnest(planned) as a where a.problem is not null or a.store_id is null or a.opened_at is null;
  planned := array(select a::legacy_migration.planned_alerts from unnest(planned) as a where a.problem is null and a.store_id is not null and a.opened_at is not null);
  perform legacy_migration.take_planned_alerts(planned);
end $$;
comment on function legacy_migration.take_alerts(integer, bigint[]) is 'Brings old alerts over; nobody is told of them';
