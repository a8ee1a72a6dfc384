-- Deploy lintel:gateway_sync to pg
-- requires: sync_devices
-- requires: sync_readings
-- requires: denials
-- requires: acceptances
-- requires: sync_coverage
-- requires: sync_checksums
-- requires: sync_counters
-- requires: store_rules
-- requires: gateway_alerts
-- requires: given_up
-- The contract is schema/SYNC.md.

begin;
set local role lintel_owner;

create function private.many_ranges_json(ranges int8multirange) returns jsonb
language plpgsql immutable as $$
begin
  return (select jsonb_agg(jsonb_build_array(lower(r), upper(r) - 1) order by r)
            from (select r from unnest(ranges) as r order by r limit 1000) as r);
end $$;
comment on function private.many_ranges_json(int8multirange) is 'private.ranges_json of more than one range';
revoke all on function private.many_ranges_json(int8multirange) from public, anon, authenticated, lintel_gateway, lintel_hq;

-- Nearly always there is one range or none, and no query is needed.
create function private.ranges_json(ranges int8multirange) returns jsonb
language plpgsql immutable as $$
begin
  return case when isempty(ranges) then '[]'
              when ranges = int8multirange(range_merge(ranges)) then jsonb_build_array(jsonb_build_array(lower(ranges), upper(ranges) - 1))
              else private.many_ranges_json(ranges) end;
end $$;
comment on function private.ranges_json(int8multirange) is 'Ranges as [[first, last], ...], closed, ascending, at most 1000';

create function private.watermark_of(applied int8multirange) returns bigint
language sql immutable
return lower(int8multirange(int8range(1, null)) - applied) - 1;
comment on function private.watermark_of(int8multirange) is 'The number up to which everything is applied: the one before the first that is not';

create function private.sync_failure(code text, message text) returns jsonb
language sql immutable
return jsonb_build_object('v', 1, 'error', jsonb_build_object('code', code, 'message', message));
comment on function private.sync_failure(text, text) is 'Answer to a request that changed nothing';

create function private.contract_refusal(body jsonb) returns jsonb
language plpgsql immutable as $$
declare
  speaks  bigint;
  accepts bigint;
begin
  speaks := case when private.is_integer(body -> 'v') then body ->> 'v' else '0' end;
  if speaks < 1 then
    return null;  -- malformed, which is another complaint
  end if;
  accepts := case when private.is_integer(body -> 'v_least') then body ->> 'v_least' else '1' end;
  if speaks >= private.contract_lowest() and accepts <= private.contract_highest() then
    return null;
  end if;
  return jsonb_build_object(
    'v', least(speaks, private.contract_highest()),
    'versions', jsonb_build_array(private.contract_lowest(), private.contract_highest()),
    'error', case when speaks < private.contract_lowest()
      then jsonb_build_object('code', 'gateway_too_old', 'message',
             format('HQ understands versions %s to %s of the sync contract, the gateway speaks up to %s: update the gateway',
                    private.contract_lowest(), private.contract_highest(), speaks))
      else jsonb_build_object('code', 'hq_too_old', 'message',
             format('HQ understands versions %s to %s of the sync contract, the gateway needs %s at least: deploy the newer schema at HQ',
                    private.contract_lowest(), private.contract_highest(), accepts)) end);
end $$;
comment on function private.contract_refusal(jsonb) is
  'Answer to a gateway with which there is no version in common, which changes nothing; null for any other';
revoke all on function private.contract_refusal(jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.mark_applied(epoch private.epochs, after bigint, upto bigint) returns private.epochs
language plpgsql volatile as $$
begin
  if upto > after and not epoch.applied @> int8range(after, upto, '(]') then
    update private.epochs e set applied = e.applied + int8multirange(int8range(after, upto, '(]'))
     where e.gateway_id = mark_applied.epoch.gateway_id and e.epoch = mark_applied.epoch.epoch
    returning e.applied into epoch.applied;
  end if;
  return epoch;
end $$;
comment on function private.mark_applied(private.epochs, bigint, bigint) is 'Notes that the changes after < number <= upto are applied';

-- Alerts and rules come after the counts and in a savepoint of their own: whatever goes wrong here, a statement
-- time-out included, is recorded, and neither the readings nor the answer about them know of it.
create function private.after_counts(gateway data.gateways, store data.stores, body jsonb, readings bigint, rejected jsonb,
                                     current boolean) returns jsonb
language plpgsql volatile as $$
declare
  -- The gateway's row as it was before this request: at most once a minute, like liveness.
  due    constant boolean := current and coalesce(gateway.last_seen_at <= now() - interval '50 seconds', true);
  answer jsonb := '[]';
begin
  if readings > 0 or rejected <> '[]' then
    perform private.note_quality(gateway.id, readings, rejected);
  end if;
  if current and body ? 'alerts' then
    answer := private.apply_gateway_alerts(gateway, body -> 'alerts');
  end if;
  if gateway.offline_since is not null then
    perform private.end_alerts(array(
      select a.id from data.alerts a
       where a.store_id = gateway.store_id and a.dedup_key = 'gateway_silent:' || gateway.id and a.ended_at is null
         for no key update skip locked), 'ended');
  end if;
  if due then
    perform private.judge_store(gateway, store, body);
  end if;
  return answer;
exception when query_canceled or others then
  begin
    perform private.note_rule_failure(store.id, 'after_counts', sqlstate, sqlerrm);
  exception when query_canceled or others then
    raise warning 'alerts of store % failed, and so did recording it: %', store.id, sqlerrm;
  end;
  return case when current and jsonb_typeof(body -> 'alerts') = 'array' then
    (select coalesce(jsonb_agg(private.alert_rejection(n - 1, 'try_again') order by n), '[]')
       from jsonb_array_elements(body -> 'alerts') with ordinality as e (x, n) where n <= 200) else '[]' end;
end $$;
comment on function private.after_counts(data.gateways, data.stores, jsonb, bigint, jsonb, boolean) is
  'What follows the counts and can never refuse them: data quality, the gateway''s alerts, the store''s rules. Returns alerts_rejected.';
revoke all on function private.after_counts(data.gateways, data.stores, jsonb, bigint, jsonb, boolean)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

-- A gateway that knows its sensors by their numbers has nothing to learn, and no query is needed.
create function private.told_sensors(sensors jsonb) returns jsonb
language plpgsql immutable as $$
begin
  if not sensors @? '$.keyvalue() ? (@.key like_regex "-")' then
    return '{}';
  end if;
  return (select coalesce(jsonb_object_agg(s.key, s.value -> 'id'), '{}') from jsonb_each(sensors) as s
           where private.is_uuid(s.key) and s.value ->> 'code' is null);
end $$;
comment on function private.told_sensors(jsonb) is 'Compact ids of the sensors that a request named by uuid, without those that were rejected';
revoke all on function private.told_sensors(jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;

-- In one query: a small request is paid for by the statements it takes.
create function private.sync_terms(organization_id bigint, out history text, out pace_ms integer, out horizon timestamptz,
                                   out schema text)
language plpgsql stable as $$
begin
  select h.value, p.value, private.horizon(least((o.settings ->> 'raw_retention_months')::integer, m.value::integer)),
         private.schema_version() || coalesce('.' || nullif(r.value, '0'), '')
    into history, pace_ms, horizon, schema
    from private.settings m
    left join private.settings h on h.key = 'history'
    left join private.settings p on p.key = 'pace_ms'
    left join private.settings r on r.key = 'retry_rejected'
    left join data.organizations o on o.id = sync_terms.organization_id
   where m.key = 'raw_retention_months';
end $$;
comment on function private.sync_terms(bigint) is 'The settings a sync answers and judges by: history, pace_ms, the tenant''s private.retention_horizon, and which rules judge';
revoke all on function private.sync_terms(bigint) from public, anon, authenticated, lintel_gateway, lintel_hq;

create function private.sync(gateway data.gateways, store data.stores, body jsonb) returns jsonb
language plpgsql volatile as $$
declare
  speaks   constant bigint := body ->> 'v';
  spoken   constant bigint := least(speaks, private.contract_highest());
  epoch    private.epochs := private.sync_epoch(gateway, body ->> 'epoch');
  upto     bigint := (body ->> 'to')::bigint;
  -- A request from before what HQ has already seen tells old news of the sensors' health.
  current  boolean := upto >= private.watermark_of(epoch.applied);
  terms    record := private.sync_terms(gateway.organization_id);
  sensors  jsonb;
  parsed   record;
  config   jsonb;
  coverage jsonb;
  alerts_rejected jsonb;
  mark     bigint;
  missing  jsonb;
  told     jsonb;
  answer   jsonb;
begin
  if body ? 'sensors' then
    perform private.register_sensors(gateway, body -> 'sensors');
  end if;
  sensors := private.resolve_sensors(gateway, body);
  parsed := private.parse_series(body -> 'series', sensors, store.id, terms.horizon);
  if parsed.readings is not null then
    parsed.rejected := parsed.rejected
      || private.apply_readings(store, epoch.ordinal, body -> 'series', parsed.readings);
  end if;
  if body ? 'coverage' then
    coverage := private.apply_coverage(store, epoch.ordinal, body, sensors);
  end if;
  epoch := private.mark_applied(epoch, (body ->> 'after')::bigint, upto);
  if current and body ? 'liveness' then
    perform private.apply_liveness(gateway, body -> 'liveness', sensors);
  end if;
  perform private.note_gateway(gateway, body, current);
  alerts_rejected := private.after_counts(gateway, store, body, coalesce(cardinality(parsed.readings), 0)::bigint,
                                          parsed.rejected, current);
  if body ? 'sensors' then  -- new ones have raised it
    store.config_version := (select s.config_version from data.stores s where s.id = store.id);
  end if;
  if to_jsonb(store.config_version) is distinct from body -> 'config_version' then
    config := private.sync_config(gateway);
  end if;
  mark := private.watermark_of(epoch.applied);
  missing := private.ranges_json(int8multirange(int8range(0, upto, '(]')) - epoch.applied);
  told := private.told_sensors(sensors);
  answer := jsonb_build_object(
    'v', spoken,
    'watermark', mark,
    'history', terms.history,
    'time', floor(extract(epoch from clock_timestamp()) * 1000)::bigint);
  -- From version 2 on what goes without saying is left out.
  if spoken = 1 or epoch.applied <> int8multirange(int8range(0, mark, '(]')) then
    answer := answer || jsonb_build_object('applied', private.ranges_json(epoch.applied));
  end if;
  if spoken = 1 or missing <> '[]' then
    answer := answer || jsonb_build_object('missing', missing);
  end if;
  if spoken = 1 or told <> '{}' then
    answer := answer || jsonb_build_object('sensors', told);
  end if;
  if spoken = 1 or parsed.rejected <> '[]' then
    answer := answer || jsonb_build_object('rejected', parsed.rejected);
  end if;
  if spoken = 1 or terms.pace_ms <> 0 then
    answer := answer || jsonb_build_object('pace_ms', terms.pace_ms);
  end if;
  if speaks <> private.contract_highest() then
    answer := answer || jsonb_build_object('versions', jsonb_build_array(private.contract_lowest(), private.contract_highest()));
  end if;
  if body ? 'schema' and to_jsonb(terms.schema) is distinct from body -> 'schema' then
    answer := answer || jsonb_build_object('schema', terms.schema);
  end if;
  if config is not null then
    answer := answer || jsonb_build_object('config', config);
  end if;
  if body ? 'acceptances' then
    answer := answer || jsonb_build_object('acceptances', private.apply_acceptances(gateway, body));
  end if;
  if body ? 'checksums' then
    answer := answer || jsonb_build_object('checksums', private.compare_checksums(gateway, epoch.ordinal, body -> 'checksums'));
  end if;
  if body ? 'counters' or body ? 'want' then
    answer := answer || private.sync_counters(gateway, epoch, body);
  end if;
  if coverage is not null then
    answer := answer || jsonb_build_object('coverage', coverage);
  end if;
  if body ? 'given_up' then
    answer := answer || jsonb_build_object('given_up', private.apply_given_up(gateway, epoch.ordinal, body -> 'given_up'));
  end if;
  if body ? 'alerts' then
    answer := answer || jsonb_build_object('alerts_rejected', alerts_rejected);
  end if;
  return answer;
end $$;
comment on function private.sync(data.gateways, data.stores, jsonb) is 'Applies a request that was understood and answers it';

-- Generic plans: no request is worth planning anew, for all of them are planned with keys alone.
create function api.gateway_sync_v1(jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '2s'
set plan_cache_mode = force_generic_plan as $$
declare
  claims    constant jsonb := private.claims();
  gateway   data.gateways := private.sync_gateway(claims);
  store     data.stores := private.sync_store(gateway);
  denial    jsonb := private.sync_denial(gateway, store, claims);
  body      jsonb := $1;
  refusal   jsonb;
  complaint text;
begin
  if denial is not null then
    return denial;
  end if;
  refusal := private.contract_refusal(body);
  if refusal is not null then
    return refusal;
  end if;
  if body -> 'v' <> '1' and jsonb_typeof(body -> 'series') = 'array' and jsonb_path_exists(body, '$.series[*].of') then
    complaint := private.of_complaint(body -> 'series');
    if complaint is null then
      body := jsonb_set(body, '{series}', private.written_out(body -> 'series'));
    end if;
  end if;
  complaint := coalesce(complaint, private.sync_complaint(body));
  if complaint is not null then
    return private.sync_failure('malformed', complaint);
  end if;
  return private.sync(gateway, store, body);
end $$;
comment on function api.gateway_sync_v1(jsonb) is
  'One round trip of a gateway: its changes up, what HQ has of them and the configuration down. Any request may be repeated.';
revoke all on function api.gateway_sync_v1(jsonb) from public, anon, authenticated, lintel_hq;
grant execute on function api.gateway_sync_v1(jsonb) to lintel_gateway;

notify pgrst, 'reload schema';
commit;
