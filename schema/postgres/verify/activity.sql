-- Verify lintel:activity on pg

begin;

select at, kind, actor, organization_id, store_id, store_name, sensor_id, text, reference from api.activity where false;

rollback;
