-- Instants that have not come yet in what HQ dates itself, and changes before their beginning: the clock of the
-- database's machine was wrong, or somebody wrote past the triggers.
select x.place as object, format('%s rows: %s', count(*), x.what) as evidence, null::bigint as bytes,
       'Check the clock of the database''s machine (timedatectl), then correct the rows.' as advice
  from (
    select 'data.gateways' as place, 'last_seen_at lies ahead' as what from data.gateways where last_seen_at > now() + interval '5 minutes'
    union all select 'data.sensor_metadata', 'last_data_received lies more than a day ahead' from data.sensor_metadata where last_data_received > now() + interval '1 day'
    union all select 'data.sensor_metadata', 'created_at lies ahead' from data.sensor_metadata where created_at > now() + interval '5 minutes'
    union all select 'data.stores', 'created_at or updated_at lies ahead' from data.stores where greatest(created_at, updated_at) > now() + interval '5 minutes'
    union all select 'data.organizations', 'created_at or updated_at lies ahead' from data.organizations where greatest(created_at, updated_at) > now() + interval '5 minutes'
    union all select 'data.stores', 'deleted_at lies ahead' from data.stores where deleted_at > now() + interval '5 minutes'
    union all select 'data.alerts', 'ended before they were opened' from data.alerts where ended_at < opened_at
    union all select 'data.alerts', 'opened_at lies ahead' from data.alerts where opened_at > now() + interval '1 day'
    union all select 'data.audit_log', 'at lies ahead' from data.audit_log where at > now() + interval '5 minutes') as x
 group by x.place, x.what order by 1, 2
