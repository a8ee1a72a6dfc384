-- Revert lintel:store_days from pg

begin;

drop trigger stores_timezone_kept on data.stores;
drop function private.keep_calendar();
drop function private.calendar_complaint(jsonb);
drop function private.calendar_on(jsonb, date);
drop function private.calendar_entry(jsonb, timestamptz);
drop function private.calendar_from(jsonb, date, text, integer);
drop function private.day_in(date, timestamptz[], timestamptz);
drop function private.days_of(jsonb, timestamptz, timestamptz);
drop type private.days;
drop function private.store_day(jsonb, timestamptz);
drop function private.day_begins(jsonb, date);
drop function private.calendar_starts(jsonb, integer);
drop function private.store_day(timestamptz, text, integer);
drop function private.day_begins(date, text, integer);
drop function private.first_showing(timestamp, text);
drop function private.calendar_of(text, integer);

notify pgrst, 'reload schema';
commit;
