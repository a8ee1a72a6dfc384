-- Verify lintel:rollups on pg

begin;

do $$
begin
  assert private.last_instant('2026-01-01 00:00Z', 60000) = '2026-01-01 00:00:59.999Z', 'a reading ends wrongly';
end $$;
select private.recompute_hours(null, '{}'), private.recompute_days(null, '{}');

rollback;
