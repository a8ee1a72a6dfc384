-- Deploy lintel:gateway_alerts to pg
-- requires: alert_lifecycle
-- requires: sync_devices
-- Alerts that a gateway opens and resolves itself (schema/SYNC.md). Whatever is wrong with them is answered under
-- alerts_rejected; it never touches a reading.

begin;
set local role lintel_owner;

create function private.alert_complaint(alert jsonb) returns text
language sql immutable
return case
  when jsonb_typeof(alert) <> 'object' then 'is not an object'
  when coalesce(alert ->> 'kind' !~ '^[a-z][a-z0-9_]{0,99}$', true) then 'kind must be a word of lower case letters, digits and _'
  when coalesce(jsonb_typeof(alert -> 'key') <> 'string', true)
    or length(alert ->> 'key') not between 1 and 200 then 'key must be a text of 1 to 200 characters'
  when coalesce(alert -> 'severity' not in ('"info"', '"warning"', '"critical"'), true) then 'severity must be info, warning or critical'
  when coalesce(alert -> 'state' not in ('"open"', '"resolved"'), true) then 'state must be open or resolved'
  when coalesce(jsonb_typeof(alert -> 'message') <> 'string', true)
    or length(alert ->> 'message') not between 1 and 2000 then 'message must be a text of 1 to 2000 characters'
  when private.from_ms(alert -> 'opened_at') is null then 'opened_at must be an instant in whole milliseconds'
  when alert -> 'state' = '"resolved"' and private.from_ms(alert -> 'resolved_at') is null then 'resolved_at must be an instant in whole milliseconds'
  when jsonb_typeof(alert -> 'sensor') not in ('number', 'string', 'null') then 'sensor must be a number or a uuid'
end;
comment on function private.alert_complaint(jsonb) is 'Why an alert of a gateway cannot be understood; null when it can';

create function private.alert_rejection(n bigint, code text, message text default null) returns jsonb
language sql immutable
return jsonb_build_object('n', n, 'code', code, 'message', coalesce(message, case code
  when 'hq_rule' then 'HQ judges this kind itself, from liveness and counts'
  when 'too_many' then 'more than 200 alerts in one request'
  when 'try_again' then 'HQ could not apply the request''s alerts; send them again'
  else private.reject_message(code) end));
comment on function private.alert_rejection(bigint, text, text) is 'An entry of the answer''s alerts_rejected';

create function private.apply_gateway_alerts(gateway data.gateways, alerts jsonb) returns jsonb
language plpgsql volatile as $$
declare
  sensors  jsonb;
  rejected jsonb := '[]';
  given    record;
  the_key  text;
  the_id   uuid;
  the_sensor integer;
  kept     data.alerts;
begin
  if jsonb_typeof(alerts) <> 'array' then
    return jsonb_build_array(private.alert_rejection(0, 'malformed', 'alerts must be an array'));
  end if;
  -- Named as liveness names sensors, so resolved like it.
  sensors := private.resolve_sensors(gateway, jsonb_build_object('liveness', alerts));
  for given in
    select n - 1 as n, x as alert, private.alert_complaint(x) as complaint, sensors -> (x ->> 'sensor') ->> 'code' as code
      from jsonb_array_elements(alerts) with ordinality as e (x, n) order by n
  loop
    if given.n >= 200 then
      return rejected || private.alert_rejection(given.n, 'too_many');
    elsif given.complaint is not null then
      rejected := rejected || private.alert_rejection(given.n, 'malformed', given.complaint);
      continue;
    elsif given.code is not null then
      rejected := rejected || private.alert_rejection(given.n, given.code);
      continue;
    elsif private.alert_rule_defaults() ? (given.alert ->> 'kind') then
      rejected := rejected || private.alert_rejection(given.n, 'hq_rule');
      continue;
    end if;
    the_key := format('gateway:%s:%s', gateway.id, given.alert ->> 'key');
    -- One alert is the key and the instant it opened: however often it comes, it is the same.
    the_id := md5(the_key || ' ' || (given.alert ->> 'opened_at'))::uuid;
    the_sensor := (sensors -> (given.alert ->> 'sensor') ->> 'id')::integer;
    select * into kept from data.alerts a
     where a.store_id = gateway.store_id and a.dedup_key = the_key and a.ended_at is null for no key update;
    if given.alert ->> 'state' = 'resolved' then
      if kept.id is not null and kept.opened_at <= private.from_ms(given.alert -> 'opened_at') then
        perform private.end_alerts(array[kept.id], 'ended');
      end if;
      -- Of one that was over before HQ heard of it, as in an outage.
      insert into data.alerts (organization_id, store_id, gateway_id, sensor_id, public_id, kind, dedup_key, severity, message,
                               opened_at, state, resolution, resolved_at, ended_at)
      select gateway.organization_id, gateway.store_id, gateway.id, the_sensor, the_id, given.alert ->> 'kind', the_key,
             given.alert ->> 'severity', given.alert ->> 'message', least(private.from_ms(given.alert -> 'opened_at'), now()),
             'resolved', 'ended', at, at
        from (select least(private.from_ms(given.alert -> 'resolved_at'), now()) as at) as e
      on conflict (public_id) do nothing;
    elsif kept.id is not null then
      update data.alerts a
         set severity = given.alert ->> 'severity', escalated_at = now(), message = given.alert ->> 'message'
       where a.id = kept.id and a.state <> 'resolved'
         and private.severity_rank(given.alert ->> 'severity') > private.severity_rank(a.severity);
    else
      -- Superseded while the gateway was silent, and still there: it goes on.
      insert into data.alerts as a (organization_id, store_id, gateway_id, sensor_id, public_id, kind, dedup_key,
                                    severity, message, opened_at)
      values (gateway.organization_id, gateway.store_id, gateway.id, the_sensor, the_id, given.alert ->> 'kind', the_key,
              given.alert ->> 'severity', given.alert ->> 'message', least(private.from_ms(given.alert -> 'opened_at'), now()))
      on conflict (public_id) do update
        set state = case when a.acknowledged_at is null then 'open' else 'acknowledged' end::data.alert_state,
            resolved_at = null, resolution = null, ended_at = null
      where a.resolution = 'superseded';
    end if;
  end loop;
  return rejected;
end $$;
comment on function private.apply_gateway_alerts(data.gateways, jsonb) is
  'Opens, escalates and ends what the gateway reports. Returns what was not understood or not its business.';

revoke all on function private.alert_complaint(jsonb), private.alert_rejection(bigint, text, text),
  private.apply_gateway_alerts(data.gateways, jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
