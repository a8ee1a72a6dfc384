-- What the sensors sent, what the gateway stored, what headquarters has. Run in the demo's directory.
-- Statements about windows are compared window by window, running totals by their sum.
create temp table sent (sensor text, line text, kind text, started_ms bigint, duration_ms bigint, people_in bigint, people_out bigint);
create temp table stored (sensor text, line text, started_ms bigint, people_in bigint, people_out bigint);
\copy sent from 'sent.csv' with (format csv, header)
\copy stored from 'stored.csv' with (format csv)

create temp view at_hq as
  select s.serial as sensor, r.line, (extract(epoch from r.started_at) * 1000)::bigint as started_ms,
         coalesce(r.count_in, 0) as people_in, coalesce(r.count_out, 0) as people_out
    from data.people_counting_raw r
    join data.sensor_metadata s on s.id = r.sensor_id
   where r.flags & 32 = 0;

create temp table compared as
  with kinds as (select sensor, min(kind) as kind from sent group by sensor),
  sides as (
    select sensor, line, started_ms, people_in + people_out as sent, 0 as stored, 0 as hq, people_in, people_out from sent
    union all
    select sensor, line, started_ms, 0, people_in + people_out, 0, 0, 0 from stored
    union all
    select sensor, line, started_ms, 0, 0, people_in + people_out, -people_in, -people_out from at_hq),
  keyed as (
    select sensor, line, case when coalesce(kind, 'interval') = 'total' then 0 else started_ms end as instant,
           sum(sent) as sent, sum(stored) as stored, sum(hq) as hq,
           sum(people_in) as missing_in, sum(people_out) as missing_out
      from sides left join kinds using (sensor)
     group by 1, 2, 3)
  select sensor, sum(sent) as sent, sum(stored) as stored, sum(hq) as at_hq,
         sum(greatest(missing_in, 0) + greatest(missing_out, 0)) as lost,
         sum(greatest(-missing_in, 0) + greatest(-missing_out, 0)) as doubled
    from keyed group by sensor;

select coalesce(sensor, 'all') as sensor, sum(sent) as sent, sum(stored) as stored, sum(at_hq) as "at HQ",
       sum(lost) as lost, sum(doubled) as doubled
  from compared group by rollup (sensor) order by compared.sensor nulls last;

\pset tuples_only on
\pset format unaligned
select 'exact: ' || (coalesce(bool_and(sent = stored and sent = at_hq and lost = 0 and doubled = 0), false)
                     and coalesce(sum(sent), 0) > 0)
  from (select sensor, sent, stored, at_hq, lost, doubled from compared) c;
