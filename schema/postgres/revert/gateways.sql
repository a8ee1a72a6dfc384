-- Revert lintel:gateways from pg

begin;

drop table data.gateways;

notify pgrst, 'reload schema';
commit;
