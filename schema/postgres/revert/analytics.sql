-- Revert lintel:analytics from pg

begin;

drop table data.daily_analytics;
drop table data.hourly_analytics;

notify pgrst, 'reload schema';
commit;
