-- Revert lintel:annotations from pg

begin;

drop function api.withdraw_annotation(uuid);
drop function api.annotate(uuid, text, uuid, date);
drop view api.annotations;
drop table private.annotations;

notify pgrst, 'reload schema';
commit;
