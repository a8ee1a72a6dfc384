-- Proofs: worked out anew from the old tables and the new ones; the ledger is asked only for what was left out and why.

create function legacy_migration.proven(its_what text, its_rows bigint, its_wrong bigint, its_detail text default null) returns void
language plpgsql volatile as $$
begin
  insert into legacy_migration.proofs (what, rows, wrong, detail) values (its_what, its_rows, its_wrong, its_detail);
end $$;
comment on function legacy_migration.proven(text, bigint, bigint, text) is 'Records what a proof came to';

-- A row of an old table of counts is in the new schema if a reading of its sensor, line and instant is there that says the same.
create function legacy_migration.prove_rows(its legacy_migration.sources) returns void
language plpgsql volatile set work_mem = '256MB' set jit = off as $$
declare
  found record;
begin
  execute format($q$
    with waiting as materialized (select distinct c.source_id from legacy_migration.changes c where c.source = %2$s),
    back as materialized (select distinct l.source_id from legacy_migration.returns r
                            join legacy_migration.ledger l on l.store_id = r.store_id and l.slot = r.slot and l.started_at = r.started_at and l.source = %2$s where r.kind in ('people', 'level')),
    judged as (
      select c.source_id, w.source_id is not null or b.source_id is not null as waits, r.source_id is not null as reported,
             x.store_id is not null and x.flags & 32 = 0 and %3$s as there
        from legacy_migration.%1$I c
        left join private.slots t on c.problem is null and t.store_id = c.store_id and t.sensor_id = c.sensor_id and t.regional = c.regional and t.label = c.label and t.seq = 0
        left join data.%4$I x on x.store_id = c.store_id and x.slot = t.slot and x.started_at = c.started_at
        left join waiting w on w.source_id = c.source_id
        left join back b on b.source_id = c.source_id
        left join (select distinct y.source_id from legacy_migration.report y where y.source = %2$s and y.left_out) as r on r.source_id = c.source_id)
    select count(*) as n, count(*) filter (where j.there) as there, count(*) filter (where not j.there and j.reported) as reported,
           count(*) filter (where not j.there and not j.reported and j.waits) as waits, count(*) filter (where not j.there and not j.reported and not j.waits) as lost,
           min(j.source_id) filter (where not j.there and not j.reported and not j.waits) as example
      from judged j$q$, 'claims_' || its.name, its.source,
    case when its.source = 24 then 'x.occupancy is not distinct from c.occupancy' else '(x.count_in, x.count_out) is not distinct from (c.count_in, c.count_out)' end,
    case when its.source = 24 then 'regional_counting_raw' else 'people_counting_raw' end) into found;
  perform legacy_migration.proven('rows of ' || its.name, found.n, found.lost,
    format('%s in the new schema, %s left out with a reason, %s just changing', found.there, found.reported, found.waits) || coalesce('; lost for example ' || found.example, ''));
end $$;
comment on function legacy_migration.prove_rows(legacy_migration.sources) is 'Every row of an old table of counts is in the new schema, or in the report';

create function legacy_migration.prove_places(its legacy_migration.sources) returns void
language plpgsql volatile as $$
declare
  found record;
begin
  execute format($q$
    select count(*) as n, count(*) filter (where e.source is not null) as there, count(*) filter (where e.source is null and r.source_id is not null) as reported,
           count(*) filter (where e.source is null and r.source_id is null and w.source_id is not null) as waits,
           count(*) filter (where e.source is null and r.source_id is null and w.source_id is null) as lost
      from public.%1$I t
      left join legacy_migration.entities e on e.source = %3$s and e.source_id = t.%2$I
      left join (select distinct y.source_id from legacy_migration.report y where y.source = %3$s and y.left_out) as r on r.source_id = t.%2$I
      left join (select distinct c.source_id from legacy_migration.changes c where c.source = %3$s) as w on w.source_id = t.%2$I$q$,
    its.name, its.id_column, its.source) into found;
  perform legacy_migration.proven('rows of ' || its.name, found.n, found.lost, format('%s became something, %s left out with a reason, %s just changing', found.there, found.reported, found.waits));
end $$;
comment on function legacy_migration.prove_places(legacy_migration.sources) is 'Every old place, person and alert became something, or is in the report';

create view legacy_migration.migrated_stores as
  select distinct e.target_id::integer as store_id from legacy_migration.entities e where e.source = 2;
comment on view legacy_migration.migrated_stores is 'Stores whose counts the old tables hold';

-- What the old tables add up to, by the rules of conflict alone, against what the new one's days say. Days in which something is
-- just changing are left to the next proof.
create function legacy_migration.prove_days() returns void
language plpgsql volatile set work_mem = '256MB' set jit = off as $$
declare
  rules text[] := array(select r.rule from legacy_migration.conflict_rules r order by r.rank);
  found record;
begin
  with days as materialized (
    select s.id as store_id, private.days_of(s.calendar, private.retention_horizon() - interval '3 days', now() + interval '3 days') as days
      from data.stores s join legacy_migration.migrated_stores m on m.store_id = s.id
  ), good as (
    select c.source, c.source_id, c.store_id, c.sensor_id, c.regional, c.label, c.started_at, c.duration_ms, c.count_in, c.count_out, c.occupancy,
           legacy_migration.rule_value(rules[1], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)) as v1,
           legacy_migration.rule_value(rules[2], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)) as v2,
           legacy_migration.rule_value(rules[3], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)) as v3,
           legacy_migration.rule_value(rules[4], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)) as v4
      from legacy_migration.claims c join legacy_migration.sources s on s.source = c.source
     where c.problem is null and not exists (select from legacy_migration.report r where r.source = c.source and r.source_id = c.source_id and r.reason in ('outranked', 'too_many_series'))
  ), best as (
    select distinct on (g.store_id, g.sensor_id, g.regional, g.label, g.started_at) g.*
      from good g order by g.store_id, g.sensor_id, g.regional, g.label, g.started_at, g.v1, g.v2, g.v3, g.v4, g.source, g.source_id
  ), old_days as (
    select b.store_id, b.sensor_id, b.regional, b.label, private.day_in((d.days).first_day, (d.days).begins, private.last_instant(b.started_at, b.duration_ms)) as day,
           coalesce(sum(b.count_in), 0) as count_in, coalesce(sum(b.count_out), 0) as count_out, max(b.occupancy) as occupancy_max, count(*) as readings
      from best b join days d on d.store_id = b.store_id group by 1, 2, 3, 4, 5
  ), new_days as (
    select a.store_id, a.sensor_id, a.region <> '' as has_region, a.line || a.region as label, a.day, a.count_in + a.unallocated_in + a.estimated_in as count_in,
           a.count_out + a.unallocated_out + a.estimated_out as count_out, a.occupancy_max, a.readings
      from data.daily_analytics a join legacy_migration.migrated_stores m on m.store_id = a.store_id
  ), changing as materialized (
    select distinct k.store_id, t.sensor_id, t.label, private.day_in((d.days).first_day, (d.days).begins, k.started_at) as day
      from (select l.store_id, l.slot, l.started_at from legacy_migration.changes c join legacy_migration.ledger l on l.source = c.source and l.source_id = c.source_id
            union select r.store_id, r.slot, r.started_at from legacy_migration.returns r where r.kind in ('people', 'level')) as k
      join private.slots t on t.store_id = k.store_id and t.slot = k.slot join days d on d.store_id = k.store_id
    union
    select c.store_id, c.sensor_id, c.label, private.day_in((d.days).first_day, (d.days).begins, private.last_instant(c.started_at, c.duration_ms))
      from legacy_migration.changes w join legacy_migration.claims c on c.source = w.source and c.source_id = w.source_id and c.problem is null join days d on d.store_id = c.store_id
  )
  select count(*) as n, count(*) filter (where (o.count_in, o.count_out, o.occupancy_max, o.readings) is distinct from (n.count_in, n.count_out, n.occupancy_max, n.readings) and c.day is null) as wrong,
         count(c.day) as changing, sum(n.count_in) as count_in, sum(n.count_out) as count_out,
         min(format('store %s sensor %s %s: old in %s out %s of %s, new in %s out %s of %s', coalesce(o.store_id, n.store_id), coalesce(o.sensor_id, n.sensor_id), coalesce(o.day, n.day), o.count_in, o.count_out, o.readings, n.count_in, n.count_out, n.readings))
           filter (where (o.count_in, o.count_out, o.occupancy_max, o.readings) is distinct from (n.count_in, n.count_out, n.occupancy_max, n.readings) and c.day is null) as example
    into found
    from old_days o
    full join new_days n on n.store_id = o.store_id and n.sensor_id = o.sensor_id and n.label = o.label and n.day = o.day and (n.has_region = o.regional or n.label = '')
    left join changing c on c.store_id = coalesce(o.store_id, n.store_id) and c.sensor_id = coalesce(o.sensor_id, n.sensor_id) and c.label = coalesce(o.label, n.label) and c.day = coalesce(o.day, n.day);
  perform legacy_migration.proven('sums per sensor, line and day, old against daily_analytics', found.n, found.wrong,
    format('in %s, out %s; %s days just changing', found.count_in, found.count_out, found.changing) || coalesce('; ' || found.example, ''));
end $$;
comment on function legacy_migration.prove_days() is 'Sums per sensor, line and day agree';

create function legacy_migration.prove_hours() returns void
language plpgsql volatile set work_mem = '256MB' set jit = off as $$
declare
  found record;
begin
  with raw as (
    select c.store_id, c.sensor_id, c.line, c.region, date_trunc('hour', private.last_instant(c.started_at, c.duration_ms), 'UTC') as hour_at, coalesce(sum(c.count_in), 0) as count_in,
           coalesce(sum(c.count_out), 0) as count_out, max(c.occupancy) as occupancy_max, count(*) as readings
      from private.countings c join legacy_migration.migrated_stores m on m.store_id = c.store_id where c.flags & 48 = 0 and c.duration_ms <= 3600000 group by 1, 2, 3, 4, 5
  ), hours as (select h.* from data.hourly_analytics h join legacy_migration.migrated_stores m on m.store_id = h.store_id)
  select count(*) as n, count(*) filter (where (r.count_in, r.count_out, r.occupancy_max, r.readings) is distinct from (h.count_in, h.count_out, h.occupancy_max, h.readings)) as wrong into found
    from raw r full join hours h on h.store_id = r.store_id and h.sensor_id = r.sensor_id and h.line = r.line and h.region = r.region and h.hour_at = r.hour_at;
  perform legacy_migration.proven('hourly_analytics against the new raw rows', found.n, found.wrong);

  -- Nothing is there that nobody had: each imported reading is a row's that was taken, or another import's.
  select count(*) as n, count(*) filter (where l.source is null and not exists (select from private.imports i where i.store_id = k.store_id and i.received_at = k.received_at)) as wrong into found
    from (select x.store_id, x.slot, x.started_at, x.received_at from data.people_counting_raw x join legacy_migration.migrated_stores m on m.store_id = x.store_id where x.epoch = 0 and x.flags & 32 = 0
          union all
          select x.store_id, x.slot, x.started_at, x.received_at from data.regional_counting_raw x join legacy_migration.migrated_stores m on m.store_id = x.store_id where x.epoch = 0 and x.flags & 32 = 0) as k
    left join legacy_migration.ledger l on l.store_id = k.store_id and l.slot = k.slot and l.started_at = k.started_at and l.outcome in ('taken', 'returned');
  perform legacy_migration.proven('imported readings that an old row stands for', found.n, found.wrong);
end $$;
comment on function legacy_migration.prove_hours() is 'Hours are what the raw rows add up to, and every raw row has its old one';

-- Not a proof but a remark per row: the old summary was wrong, or says what nobody can check any more.
create function legacy_migration.compare_derived() returns void
language plpgsql volatile set jit = off as $$
declare
  differing bigint;
begin
  delete from legacy_migration.report r where r.source = 42;
  insert into legacy_migration.report (source, source_id, reason, left_out, detail)
  select 42, o.id, case when o.sensor_id is null or d.old_id is null then 'unknown_sensor' else 'differs' end, false, format('says in %s out %s, the readings in %s out %s', o.total_in, o.total_out, n.count_in, n.count_out)
    from public.daily_summary o
    left join legacy_migration.doors d on d.old_id = o.sensor_id
    left join (select a.sensor_id, a.day, sum(a.count_in + a.unallocated_in + a.estimated_in) as count_in, sum(a.count_out + a.unallocated_out + a.estimated_out) as count_out
                 from data.daily_analytics a join legacy_migration.migrated_stores m on m.store_id = a.store_id where a.region = '' group by 1, 2) as n on n.sensor_id = d.sensor_id and n.day = o.day
   where (o.total_in, o.total_out) is distinct from (n.count_in, n.count_out);
  get diagnostics differing = row_count;
  perform legacy_migration.proven('rows of daily_summary', (select count(*) from public.daily_summary), 0, format('kept in archive; %s differ from what the readings add up to (report)', differing));
end $$;
comment on function legacy_migration.compare_derived() is 'Which of the old daily sums were wrong';

create function legacy_migration.prove() returns setof legacy_migration.proofs
language plpgsql volatile as $$
declare
  its  legacy_migration.sources;
  last bigint := coalesce((select max(p.n) from legacy_migration.proofs p), 0);
  n    bigint;
begin
  if legacy_migration.phase() not in ('following', 'cutting over', 'cut over') then
    raise exception 'the migration is %, so there is nothing to prove yet', legacy_migration.phase() using hint = 'First: migrate resume, until everything is copied.';
  end if;
  perform set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true), set_config('jit', 'off', true);
  for its in select * from legacy_migration.sources s order by s.source loop
    if its.kind = 'count' then
      perform legacy_migration.prove_rows(its);
    elsif its.kind in ('place', 'alert') then
      perform legacy_migration.prove_places(its);
    elsif its.name <> 'daily_summary' then
      execute format('select count(*) from public.%I', its.name) into n;
      perform legacy_migration.proven('rows of ' || its.name, n, 0, case its.kind when 'derived' then 'kept in archive; worked out anew: ' else 'kept in archive: ' end || its.becomes);
    end if;
  end loop;
  perform legacy_migration.prove_days(), legacy_migration.prove_hours(), legacy_migration.compare_derived();
  update legacy_migration.state s set proven_at = clock_timestamp() where not exists (select from legacy_migration.proofs p where p.n > last and p.wrong > 0);
  return query select * from legacy_migration.proofs p where p.n > last order by p.n;
end $$;
comment on function legacy_migration.prove() is 'All proofs, in the snapshot of the caller (repeatable read); wrong is 0 in each when nothing is lost';
