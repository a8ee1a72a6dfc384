-- Deploy lintel:alerts_api to pg
-- requires: denials
-- requires: alert_lifecycle
-- requires: views

begin;
set local role lintel_owner;

-- As in the change views: names and ids outside are looked up by the owner, for rows that a policy has let pass, and only for
-- those of the page that is shown.
create function private.store_public_id(id integer) returns uuid
language sql stable security definer
begin atomic
  select t.public_id from data.stores t where t.id = store_public_id.id;
end;
comment on function private.store_public_id(integer) is 'Id of a store outside this database, for views over rows the reader may see';

create function private.gateway_name(id bigint) returns text
language sql stable security definer
begin atomic
  select g.name from data.gateways g where g.id = gateway_name.id;
end;
comment on function private.gateway_name(bigint) is 'Name of a gateway, for views over rows the reader may see';

create function private.gateway_public_id(id bigint) returns uuid
language sql stable security definer
begin atomic
  select g.public_id from data.gateways g where g.id = gateway_public_id.id;
end;
comment on function private.gateway_public_id(bigint) is 'Id of a gateway outside this database, for views over rows the reader may see';

create function private.sensor_public_id(id integer) returns uuid
language sql stable security definer
begin atomic
  select m.public_id from data.sensor_metadata m where m.id = sensor_public_id.id;
end;
comment on function private.sensor_public_id(integer) is 'Id of a sensor outside this database, for views over rows the reader may see';

create function private.region_name(store_id integer, sensor_id integer, region text) returns text
language sql stable security definer
begin atomic
  select r.name from data.region_configurations r
   where r.store_id = region_name.store_id and r.sensor_id = region_name.sensor_id and r.region = region_name.region;
end;
comment on function private.region_name(integer, integer, text) is 'Name of a region, for views over rows the reader may see';

revoke all on function private.store_public_id(integer), private.gateway_name(bigint), private.gateway_public_id(bigint),
  private.sensor_public_id(integer), private.region_name(integer, integer, text) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function private.store_public_id(integer), private.gateway_name(bigint), private.gateway_public_id(bigint),
  private.sensor_public_id(integer), private.region_name(integer, integer, text) to authenticated, lintel_hq;

-- States are named, not excluded: under policies the planner may not look at a column's values, and takes "not in" on
-- one that holds a single value for a condition that no row fulfils.
create view api.open_alerts with (security_invoker = true) as
  select a.organization_id, a.store_id, private.store_public_id(a.store_id) as store_public_id, private.store_name(a.store_id) as store_name,
         a.public_id, a.kind, a.severity, a.state, a.message, a.details,
         private.gateway_public_id(a.gateway_id) as gateway_public_id, private.gateway_name(a.gateway_id) as gateway_name,
         private.sensor_public_id(a.sensor_id) as sensor_public_id, private.sensor_name(a.sensor_id) as sensor_name,
         a.region, private.region_name(a.store_id, a.sensor_id, a.region) as region_name,
         a.opened_at, a.escalated_at, a.acknowledged_at, a.acknowledged_by, a.acknowledged_note
    from data.alerts a
   where a.ended_at is null and a.state in ('open', 'acknowledged');
comment on view api.open_alerts is 'Alerts of the stores the user may see that wait for somebody, acknowledged ones included';
revoke all on api.open_alerts from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.open_alerts to authenticated, lintel_hq;

-- Who may answer alerts: HQ administrators any, people those of stores they see, unless they audit.
create function private.answering_denial(function text) returns jsonb
language plpgsql volatile as $$
declare
  mine data.user_profiles := private.my_profile();
begin
  if private.caller_role() = 'lintel_hq' then
    return null;
  elsif mine.id is null then
    return private.deny(function, 'who has no profile here answers no alerts', 'Ask your organization administrator for one.');
  elsif mine.role = 'auditor' then
    return private.deny(function, 'auditors read alerts and do not answer them', 'Ask an administrator or the people of the store.',
                        mine.organization_id);
  end if;
  return null;
end $$;
comment on function private.answering_denial(text) is 'The answer to somebody who answers no alerts at all, recorded; null for the others';

create function private.alert_to_answer(id uuid) returns data.alerts
language plpgsql volatile as $$
declare
  alert data.alerts;
begin
  select * into alert from data.alerts a
   where a.public_id = alert_to_answer.id
     and (private.caller_role() = 'lintel_hq' or a.store_id = any (private.my_store_ids()))
     for no key update;
  return alert;
end $$;
comment on function private.alert_to_answer(uuid) is 'The alert, locked; all null if there is none or it is of a store the caller does not see';

create function private.no_such_alert(function text, id uuid) returns jsonb
language plpgsql volatile as $$
begin
  -- The same for one that does not exist and for one of a store the caller does not see.
  return private.deny(function, format('there is no alert %s', id), 'api.open_alerts lists those you may answer.',
                      (private.my_profile()).organization_id, 404);
end $$;
comment on function private.no_such_alert(text, uuid) is 'The answer for an alert the caller cannot reach, recorded';

create function private.alert_answer(alert data.alerts) returns jsonb
language sql stable
return jsonb_build_object('public_id', alert.public_id, 'kind', alert.kind, 'severity', alert.severity, 'state', alert.state,
  'acknowledged_at', alert.acknowledged_at, 'acknowledged_by', alert.acknowledged_by,
  'resolved_at', alert.resolved_at, 'resolved_by', alert.resolved_by);
comment on function private.alert_answer(data.alerts) is 'What acknowledging or resolving answers';

create function api.acknowledge_alert(public_id uuid, note text default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  denial jsonb := private.answering_denial('acknowledge_alert');
  alert  data.alerts;
begin
  if denial is not null then
    return denial;
  end if;
  alert := private.alert_to_answer(acknowledge_alert.public_id);
  if alert.id is null then
    return private.no_such_alert('acknowledge_alert', acknowledge_alert.public_id);
  end if;
  if alert.state = 'resolved' then
    raise sqlstate 'PT409' using message = format('alert %s is already resolved', alert.public_id),
      hint = 'Nothing is left to take notice of.';
  end if;
  if alert.state = 'open' then
    update data.alerts a
       set state = 'acknowledged', acknowledged_at = now(), acknowledged_by = private.my_user_id(), acknowledged_note = left(note, 2000)
     where a.id = alert.id
    returning * into alert;
  end if;
  return private.alert_answer(alert);
end $$;
comment on function api.acknowledge_alert(uuid, text) is
  'Takes notice of an alert: it stops escalating and stays until its condition is over. Who came first stays named; repeating it changes nothing.';

create function api.resolve_alert(public_id uuid, note text default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  denial jsonb := private.answering_denial('resolve_alert');
  alert  data.alerts;
begin
  if denial is not null then
    return denial;
  end if;
  alert := private.alert_to_answer(resolve_alert.public_id);
  if alert.id is null then
    return private.no_such_alert('resolve_alert', resolve_alert.public_id);
  end if;
  if alert.state <> 'resolved' then
    update data.alerts a
       set state = 'resolved', resolution = 'person', resolved_at = now(), resolved_by = private.my_user_id(), resolved_note = left(note, 2000)
     where a.id = alert.id
    returning * into alert;
  end if;
  return private.alert_answer(alert);
end $$;
comment on function api.resolve_alert(uuid, text) is
  'Closes an alert. It opens again only after its condition was over once. Repeating it changes nothing.';

revoke all on function private.answering_denial(text), private.no_such_alert(text, uuid), private.alert_to_answer(uuid), private.alert_answer(data.alerts), api.acknowledge_alert(uuid, text),
  api.resolve_alert(uuid, text) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.acknowledge_alert(uuid, text), api.resolve_alert(uuid, text) to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
