-- Revert lintel:fleet_health from pg

begin;

drop view api.fleet_health;
drop view private.store_health;
drop function private.platform_health();

notify pgrst, 'reload schema';
commit;
