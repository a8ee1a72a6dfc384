-- Verify lintel:types on pg

begin;

select 'planning'::data.lifecycle, 'degraded'::data.health_status, 'resolved'::data.alert_state;

rollback;
