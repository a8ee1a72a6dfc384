-- Revert lintel:fleet from pg

begin;

drop function private.evaluate_fleet();
drop function private.end_over();
drop function private.hush_alerts();
drop function private.open_silent();
drop function private.mark_silent();
drop view private.gateway_watch;
drop table private.fleet_evaluation;

notify pgrst, 'reload schema';
commit;
