-- Revert lintel:store_rules from pg

begin;

drop function private.judge_store(data.gateways, data.stores, jsonb);
drop function private.find_clock(data.gateways, jsonb, jsonb);
drop function private.find_data_error_rate(data.gateways, jsonb);
drop function private.find_capacity(data.gateways, data.stores, jsonb);
drop function private.find_no_people(data.stores, jsonb, jsonb);
drop function private.find_zero_while_open(data.gateways, data.stores, jsonb, jsonb);
drop function private.quiet_sensors(bigint, integer, timestamptz);
drop function private.find_sensor_offline(data.gateways, data.stores, jsonb);
drop function private.said_at(timestamptz, text);
drop function private.note_quality(bigint, bigint, jsonb);
drop table private.reading_quality;

notify pgrst, 'reload schema';
commit;
