-- Revert lintel:analytics_scope from pg

begin;

drop function private.hour_coverage(integer[], timestamptz, timestamptz);
drop function private.closed_hours(integer[], timestamptz[]);
drop function private.closed_days(integer[], date[]);
drop function private.node_scope(text);
drop function private.place_scope(text, text);
drop function private.unknown_scope(text, text);
drop type private.scope;

notify pgrst, 'reload schema';
commit;
