-- Revert lintel:fleet_health from pg

begin;

drop view api.fleet_health;
drop function private.platform_health();
drop function private.my_rule_failures();

notify pgrst, 'reload schema';
commit;
