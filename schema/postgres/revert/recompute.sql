-- Revert lintel:recompute from pg

begin;

drop function api.correct_store_calendar(uuid, text, integer);
drop function api.change_store_calendar(uuid, date, text, integer);
drop function private.answer_calendar(data.stores, jsonb);
drop function private.maintain_days(integer);
drop function private.run_recompute(integer);
drop function private.recompute_job(private.recompute_jobs, integer);
drop function private.recompute_range(data.stores, daterange);
drop function private.check_zones();
drop trigger stores_recalendar on data.stores;
drop function private.recalendar();
drop function private.request_recompute(integer, text, datemultirange);
drop function private.counted_days(integer);
drop function private.differing_days(jsonb, jsonb, date, date);
drop table private.known_days;
drop table private.recompute_jobs;

notify pgrst, 'reload schema';
commit;
