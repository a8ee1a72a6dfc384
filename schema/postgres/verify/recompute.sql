-- Verify lintel:recompute on pg

begin;

select id, store_id, reason, days, remaining, recomputed, marked, requested_at, finished_at from private.recompute_jobs where false;
select timezone, day_start_minute, day, begins_at from private.known_days where false;
select 1 / count(*) from pg_trigger where tgname = 'stores_recalendar';
do $$
begin
  assert has_function_privilege('lintel_hq', 'api.correct_store_calendar(uuid, text, integer)', 'execute'), 'HQ cannot correct a calendar';
  assert not has_function_privilege('lintel_gateway', 'api.correct_store_calendar(uuid, text, integer)', 'execute'), 'a gateway can';
end $$;
select private.maintain_days(1);

rollback;
