-- Revert lintel:capacity from pg

begin;

drop view monitor.room;
drop function monitor.room_on(bigint, bigint);
drop view monitor.organizations;
delete from private.settings where key = 'disk_bytes';

notify pgrst, 'reload schema';
commit;
