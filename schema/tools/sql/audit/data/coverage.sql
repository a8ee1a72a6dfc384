-- What is known of when series were counting contradicts itself: spans of one series over each other, or people
-- counted while the series is said to have been down.
with spans as (
  select c.store_id, c.sensor_id, c.regional, c.label, c.from_at, lag(c.to_at) over (partition by c.store_id, c.sensor_id, c.regional, c.label order by c.from_at) as before_ended
    from private.coverage c
   where c.to_at > now() - make_interval(days => current_setting('lintel.days')::integer)
)
select format('store %s, sensor %s, "%s"', store_id, sensor_id, label) as object,
       format('%s spans of coverage begin before the one before them ended, the first at %s', count(*), to_char(min(from_at), 'YYYY-MM-DD HH24:MI:SS')) as evidence, null::bigint as bytes,
       'Somebody wrote past private.put_coverage; delete the older span.' as advice
  from spans where from_at < before_ended group by store_id, sensor_id, label
union all
select format('store %s, sensor %s, "%s"', c.store_id, c.sensor_id, c.label),
       format('%s readings counted people while the series was down, the first at %s', count(*), to_char(min(r.started_at), 'YYYY-MM-DD HH24:MI:SS')), null,
       'lintel explain at the store shows what was said; a gateway of the newest version states coverage anew.'
  from private.coverage c
  join private.slots t on t.store_id = c.store_id and t.sensor_id = c.sensor_id and t.regional = c.regional and t.label = c.label and not t.regional
  join data.people_counting_raw r on r.store_id = t.store_id and r.slot = t.slot and r.started_at >= c.from_at
   and r.started_at + r.duration_ms * interval '1 millisecond' <= c.to_at
 where c.state = 'down' and c.to_at > now() - make_interval(days => current_setting('lintel.days')::integer)
   and r.started_at > now() - make_interval(days => current_setting('lintel.days')::integer) - interval '1 day'
   and r.flags & 48 = 0 and r.count_in + r.count_out > 0 and r.epoch > 0
 group by c.store_id, c.sensor_id, c.label
union all
select format('store %s, sensor %s, "%s"', c.store_id, c.sensor_id, c.label), format('coverage is stated up to %s, which has not come yet', to_char(max(c.to_at), 'YYYY-MM-DD HH24:MI')), null,
       'The clock there is ahead: lintel doctor --only clock.'
  from private.coverage c where c.to_at > now() + interval '1 day' group by c.store_id, c.sensor_id, c.label
 order by 1 limit 100
