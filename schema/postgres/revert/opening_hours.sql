-- Revert lintel:opening_hours from pg

begin;

drop function private.open_spans(jsonb, text, date, date);
drop function private.calendars(integer[]);
drop type private.calendar;
drop function private.opening_hours(jsonb, bigint);
drop function private.hours_of_nodes(bigint[]);
drop function private.nearer_hours(jsonb, jsonb);
drop trigger organizations_opening_hours on data.organizations;
drop trigger stores_opening_hours on data.stores;
drop function private.check_opening_hours();
drop function private.opening_complaint(jsonb);
drop function private.is_date(text);
drop function private.day_complaint(jsonb);

notify pgrst, 'reload schema';
commit;
