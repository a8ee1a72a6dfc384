-- Alerts that outlive what they are about, and stores nearly out of slots: the jobs that should run do not.
select format('alert %s of store %s', a.kind, a.store_id) as object, format('open since %s though its store or gateway was deleted %s ago', to_char(a.opened_at, 'YYYY-MM-DD HH24:MI'), date_trunc('minute', now() - least(s.deleted_at, g.deleted_at))) as evidence, null::bigint as bytes,
       'call private.watch_fleet(); has to run every minute: see Keep it running in schema/README.md.' as advice
  from data.alerts a
  join data.stores s on s.id = a.store_id
  left join data.gateways g on g.id = a.gateway_id
 where a.ended_at is null and least(s.deleted_at, g.deleted_at) < now() - interval '1 hour'
union all
select format('store %s', t.store_id), format('has %s of 32767 combinations of sensor, line and seq; then readings of new ones are refused', count(*)), null,
       'Look for a device that makes up names of lines: select label, count(*) from private.slots where store_id = … group by 1;'
  from private.slots t group by t.store_id having count(*) > 30000
union all
select format('store %s', s.id), format('its time zone %s is not known any more', s.timezone), null, 'Install tzdata, or give the store a zone that exists: api.correct_store_calendar.'
  from data.stores s where s.deleted_at is null and not exists (select from pg_timezone_names z where z.name = s.timezone)
 order by 1 limit 100
