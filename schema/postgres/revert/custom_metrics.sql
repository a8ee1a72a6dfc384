-- Revert lintel:custom_metrics from pg

begin;

drop function api.custom_metric(text, date, date, integer, integer);
drop function private.metric_hours(integer[], date, date);
drop function private.metric_days_refreshed(integer[], date, date);
drop function private.metric_days(integer[], date, date);
drop type private.metric_bucket;
drop function private.metric_holds(numeric, text, numeric);
drop function private.metric_field(text, numeric, numeric, numeric, numeric, numeric);
drop function private.metric_page(text, bigint, integer[], bigint, integer);
drop function private.metric_stores(text, integer[]);
drop trigger stores_custom_metrics on data.stores;
drop trigger organizations_custom_metrics on data.organizations;
drop function private.check_custom_metrics();
drop function private.custom_metrics_complaint(jsonb);

notify pgrst, 'reload schema';
commit;
