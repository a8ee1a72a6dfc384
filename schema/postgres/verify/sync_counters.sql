-- Verify lintel:sync_counters on pg

begin;

do $$
begin
  assert private.is_counter('[1000, 3]'), 'a good total is not taken';
  assert not private.is_counter('[-1]'), 'a negative total is taken';
  assert private.counter_complaint('{"sensor": 1, "line": "1"}', '{"1": {"id": 1}}') is not null, 'totals without an instant are taken';
  assert (select count(*) from pg_trigger where tgname in ('epochs_hand_over', 'sensor_metadata_hand_over')) = 2, 'nothing hands totals over';
end $$;

rollback;
