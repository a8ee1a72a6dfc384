-- Verify lintel:rollups on pg

begin;

do $$
begin
  assert private.store_day('2026-03-29 00:30+01', 'Europe/Berlin', 60) = '2026-03-28', 'a day starts at the wrong minute';
  assert private.last_instant('2026-01-01 00:00Z', 60000) = '2026-01-01 00:00:59.999Z', 'a reading ends wrongly';
end $$;
select private.recompute_hours(null, '{}'), private.recompute_days(null, '{}');

rollback;
