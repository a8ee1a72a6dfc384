-- Verify lintel:capacity on pg

begin;

select organization, public_id, stores, sensors, series, readings_per_day, raw_readings, raw_bytes, bucket_bytes, raw_bytes_per_day,
       bucket_bytes_per_day, retention_days, raw_bytes_at_retention, most_sensors_in_a_store, most_series_in_a_store
  from monitor.organizations where false;
select database_bytes, raw_bytes, bucket_bytes, readings_per_day, bytes_per_day, raw_bytes_at_retention, disk_bytes, used_bytes, used_percent, days_left
  from monitor.room where false;
do $$
begin
  assert has_table_privilege('lintel_monitor', 'monitor.room', 'select'), 'who watches does not see how much room there is';
  assert (select used_percent = 100 and days_left = 0 from monitor.room_on(1000, 1000)), 'a disk that is full is not';
end $$;

rollback;
