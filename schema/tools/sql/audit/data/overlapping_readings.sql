-- Readings of one series that were counted one by one and lie over each other: somebody was counted twice. Left out are
-- those that were recovered, estimated or voided (flags 2, 16, 32) and imports, which may.
with spans as (
  select r.store_id, r.sensor_id, r.line, r.started_at,
         lag(r.started_at + r.duration_ms * interval '1 millisecond') over (partition by r.store_id, r.sensor_id, r.line order by r.started_at, r.seq) as before_ended
    from data.people_counting_raw r
   where r.started_at > now() - make_interval(days => current_setting('lintel.days')::integer)
     and r.duration_ms > 0 and r.flags & 50 = 0 and r.epoch > 0
)
select format('store %s, sensor %s, line "%s"', store_id, sensor_id, line) as object,
       format('%s readings begin before the one before them ended, the first at %s', count(*), to_char(min(started_at), 'YYYY-MM-DD HH24:MI:SS')) as evidence, null::bigint as bytes,
       'See where they come from: lintel explain at the store, api.explain_counts here. What is wrong is discarded at the store: lintel correct discard.' as advice
  from spans where started_at < before_ended - interval '1 second'
 group by store_id, sensor_id, line order by count(*) desc, 1 limit 100
