-- Revert lintel:fleet from pg

begin;

drop procedure private.watch_fleet(integer);
drop function private.evaluate_fleet();
drop function private.note_evaluation(private.fleet_counts, timestamptz);
drop function private.evaluate_stores(integer);
drop function private.evaluate_gateways(bigint, bigint);
drop function private.next_gateway(bigint, integer);
drop type private.fleet_counts;
drop function private.end_stores_over(integer);
drop function private.end_over(bigint, bigint);
drop function private.hush_stores(integer);
drop function private.hush_sensors(bigint, bigint);
drop function private.open_silent(bigint, bigint);
drop function private.mark_silent(bigint, bigint);
drop view private.gateway_watch;
drop table private.fleet_evaluation;

notify pgrst, 'reload schema';
commit;
