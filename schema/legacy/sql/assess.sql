-- What a migration would find, without one: the functions are installed, the places worked out with their old numbers, the
-- transaction made read-only, and all of it taken back at the end. Included after install.sql, in one transaction.
insert into legacy_migration.doors (old_id, serial, sensor_id, store_id, timezone)
select p.old_id, p.serial, p.of_id, p.store, p.timezone from legacy_migration.planned_sensors p where p.problem is null;
insert into legacy_migration.areas (old_id, region, sensor_id, store_id, timezone)
select p.old_id, p.region, p.sensor, p.store, p.timezone from legacy_migration.planned_regions p where p.problem is null;
analyze legacy_migration.doors, legacy_migration.areas;
create temp table assessed_ledger (like legacy_migration.ledger including all) on commit drop;
create temp table assessed_raw (like data.people_counting_raw including all) on commit drop;
create temp table assessed_hours (like data.hourly_analytics including all) on commit drop;
create temp table assessed_speed (rows bigint, seconds double precision) on commit drop;
create temp table assessed_claims (like legacy_migration.ledger, sensor_id integer, label text) on commit drop;
set local timezone = 'UTC';
set local datestyle = 'ISO, YMD';
set local work_mem = '256MB';
set local jit = off;
set transaction read only;

\echo
\echo '== What becomes what'
select s.name as "old table", c.reltuples::bigint as "rows, about", pg_size_pretty(pg_total_relation_size(c.oid)) as size, s.kind, s.becomes,
       case when not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) then 'has no primary key: cannot be copied in batches'
            when c.relrowsecurity and exists (select from pg_policy p where p.polrelid = c.oid and pg_get_expr(p.polqual, p.polrelid) = 'true') then 'its policies let everybody in' else '' end as remark
  from legacy_migration.sources s left join pg_class c on c.oid = to_regclass(format('public.%I', s.name)) order by s.source;
select 'public.' || c.relname as "table nobody spoke of", c.reltuples::bigint as "rows, about" from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not exists (select from legacy_migration.sources s where s.name = c.relname);
select string_agg(i.indexrelid::regclass::text, ', ' order by i.indexrelid::regclass::text) as "indexes that say the same", i.indrelid::regclass as "of"
  from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace
 group by i.indrelid, i.indkey::text, coalesce(pg_get_expr(i.indexprs, i.indrelid), ''), coalesce(pg_get_expr(i.indpred, i.indrelid), '') having count(*) > 1;

\echo '== Places: what is double, what cannot be brought over and why'
select * from (
  select 'organizations' as "old table", count(*) as rows, count(*) filter (where of_id <> old_id) as duplicates, null as reason, null::bigint as "left out" from legacy_migration.planned_organizations
  union all select 'stores', count(*), 0, p.problem, count(*) filter (where p.problem is not null) from legacy_migration.planned_stores p group by p.problem
  union all select 'sensors', count(*), count(*) filter (where of_id <> old_id), p.problem, count(*) filter (where p.problem is not null) from legacy_migration.planned_sensors p group by p.problem
  union all select 'regions', count(*), count(*) filter (where of_id <> old_id), p.problem, count(*) filter (where p.problem is not null) from legacy_migration.planned_regions p group by p.problem) as x
 order by 1, 4 nulls first;
select p.old_id as store, p.name, p.typed as "zone as typed", coalesce(p.timezone, 'nobody knows: add it to legacy_migration.zones') as "is" from legacy_migration.planned_stores p
 where p.timezone is distinct from p.typed order by p.old_id limit 50;

\echo '== Counts: understood or not'
select s.name as "old table", coalesce(c.problem, 'understood') as verdict, count(*) as rows, count(c.note) filter (where c.note = 'ambiguous_time') as "in the hour that occurs twice",
       count(c.note) filter (where c.note = 'skipped_time') as "in the hour that does not occur", min(c.started_at) as first, max(c.started_at) as last
  from legacy_migration.claims c join legacy_migration.sources s on s.source = c.source group by s.source, s.name, c.problem order by s.source, c.problem nulls first;

\echo '== Counts: the same and otherwise'
select r.rank, r.rule, r.description from legacy_migration.conflict_rules r order by 1;
select count(*) as keys, sum(n) as rows, sum(n - 1 - others) as duplicates, sum(others) as conflicts, count(*) filter (where others > 0) as "keys in conflict"
  from (select count(*) as n, count(*) filter (where (k.count_in, k.count_out, k.occupancy) is distinct from (k.wi, k.wo, k.wp)) as others
          from (select c.store_id, c.sensor_id, c.regional, c.label, c.started_at, c.count_in, c.count_out, c.occupancy, first_value(c.count_in) over w as wi, first_value(c.count_out) over w as wo, first_value(c.occupancy) over w as wp
                  from legacy_migration.claims c join legacy_migration.sources s on s.source = c.source cross join (select array(select r.rule from legacy_migration.conflict_rules r order by r.rank) as rules) as q
                 where c.problem is null
                window w as (partition by c.store_id, c.sensor_id, c.regional, c.label, c.started_at
                             order by legacy_migration.rule_value(q.rules[1], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)),
                                      legacy_migration.rule_value(q.rules[2], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)),
                                      legacy_migration.rule_value(q.rules[3], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)),
                                      legacy_migration.rule_value(q.rules[4], s.preference, c.arrived_at, c.source_id, coalesce(c.count_in, 0) + coalesce(c.count_out, 0) + coalesce(c.occupancy, 0)), c.source, c.source_id)) as k
         group by k.store_id, k.sensor_id, k.regional, k.label, k.started_at) as g;

\echo '== How long it will take'
-- Five slices of the largest table, each worked out and written to tables like the new ones, as fast as this machine does it just now.
do $$
declare
  ends   bigint[] := (select array[min(d.id), max(d.id)] from public.people_counting_data d);
  slice  bigint[];
  began  timestamptz;
begin
  for n in 0 .. 4 loop
    began := clock_timestamp();
    slice := array(select d.id from public.people_counting_data d where d.id >= ends[1] + (ends[2] - ends[1]) * n / 5 order by d.id limit 4000);
    delete from assessed_claims;
    insert into assessed_claims (source, source_id, store_id, slot, started_at, arrived_at, duration_ms, count_in, count_out, occupancy, flags, outcome, sensor_id, label)
    select c.source, c.source_id, c.store_id, 1 + c.sensor_id % 30000, c.started_at, c.arrived_at, c.duration_ms, c.count_in, c.count_out, c.occupancy, c.flags, 'taken', c.sensor_id, c.label
      from legacy_migration.claims_people_counting_data c where c.source_id between slice[1] and slice[cardinality(slice)] and c.problem is null;
    insert into assessed_ledger
    select started_at, arrived_at, source_id, duration_ms, store_id, count_in, count_out, occupancy, source, slot, flags, outcome from assessed_claims on conflict do nothing;
    insert into assessed_raw (organization_id, store_id, slot, sensor_id, line, started_at, duration_ms, count_in, count_out, epoch, received_at)
    select 1, store_id, slot, sensor_id, label, started_at, duration_ms, count_in, count_out, 0, now() from assessed_claims on conflict do nothing;
    insert into assessed_hours (organization_id, store_id, sensor_id, line, hour_at, count_in, count_out, readings, updated_at)
    select 1, store_id, sensor_id, label, date_trunc('hour', started_at, 'UTC'), coalesce(sum(count_in), 0), coalesce(sum(count_out), 0), count(*), now() from assessed_claims group by 2, 3, 4, 5
    on conflict do nothing;
    insert into assessed_speed values (cardinality(slice), extract(epoch from clock_timestamp() - began));
  end loop;
end $$;
-- The elections, the locks, the corrections and the log are left out: with them a row takes from two and a half to five times as long (README.md).
with speed as (
  select sum(rows) as sampled, min(rows / seconds) as slowest, max(rows / seconds) as fastest from assessed_speed where rows > 0
), counts as (
  select sum(case when c.reltuples < 0 then 0 else c.reltuples end)::bigint as rows from legacy_migration.sources s join pg_class c on c.oid = to_regclass(format('public.%I', s.name)) where s.kind = 'count'
)
select s.sampled as "rows sampled", round(s.slowest) as "a second, slowest slice", round(s.fastest) as "fastest", c.rows as "rows of counts, about",
       make_interval(secs => round(c.rows / s.fastest * 2.5)) as "copying takes from", make_interval(secs => round(c.rows / s.slowest * 5)) as "to",
       make_interval(secs => round(c.rows / s.fastest)) as "each proof from", make_interval(secs => round(c.rows / s.slowest * 2)) as "proof to"
  from speed s cross join counts c;
\echo 'This holds for a machine as busy as it was during the sample: old writers go on, and nothing else is added. --pause adds its rest for every batch.'
