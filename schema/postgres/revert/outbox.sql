-- Revert lintel:outbox from pg

begin;

drop trigger alerts_post_changed on data.alerts;
drop trigger alerts_post_opened on data.alerts;
drop trigger stores_webhooks on data.stores;
drop trigger organizations_webhooks on data.organizations;
drop function private.forget_outbox();
drop function private.finish_outbox(bigint, boolean, text);
drop function private.take_outbox(integer);
drop function private.post_changed();
drop function private.post_opened();
drop function private.post_alerts(bigint[], text[]);
drop function private.check_webhooks();
drop function private.webhooks_complaint(jsonb);
delete from private.settings where key in ('outbox_tries', 'outbox_days');
drop index data.user_profiles_mailed;
drop table private.outbox;

notify pgrst, 'reload schema';
commit;
