-- Verify lintel:user_references on pg

begin;

select created_by, updated_by, assigned_to, owner_id from data.organizations where false;
select created_by, updated_by, assigned_to, owner_id from data.stores where false;
select created_by, updated_by, assigned_to, owner_id from data.gateways where false;
select created_by, updated_by, assigned_to, owner_id from data.sensor_metadata where false;
select created_by, updated_by, assigned_to, owner_id from data.region_configurations where false;
select created_by, updated_by from data.user_profiles where false;

rollback;
