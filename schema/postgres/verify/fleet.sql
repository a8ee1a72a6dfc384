-- Verify lintel:fleet on pg

begin;

select id, evaluated_at, took_ms, silent, returned, hushed, escalated from private.fleet_evaluation where false;
select id, organization_id, store_id, name, version, last_seen_at, offline_since, store_name, timezone, store_settings, node_id, watched, rule
  from private.gateway_watch where false;
do $$
begin
  assert (select count(*) = 1 from private.evaluate_fleet()), 'the fleet cannot be evaluated';
  assert not has_function_privilege('authenticated', 'private.evaluate_fleet()', 'execute'), 'people can evaluate the fleet';
  assert not has_function_privilege('authenticated', 'private.watch_fleet(integer)', 'execute'), 'people can watch the fleet';
end $$;

rollback;
