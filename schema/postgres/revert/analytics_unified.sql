-- Revert lintel:analytics_unified from pg

begin;

drop function api.analytics_unified(text, text, date, date, text);
drop function private.check_period(text, date, date);
drop function private.wide_figures(private.scope, date, date);
drop function private.hour_figures(private.scope, timestamptz, timestamptz);
drop function private.day_figures(private.scope, date, date);
drop type private.figures;

notify pgrst, 'reload schema';
commit;
