-- Verify lintel:sync_devices on pg

begin;

do $$
begin
  assert private.from_ms('1785539520123') = '2026-07-31 23:12:00.123Z', 'instants are misread';
  assert private.from_ms('"x"') is null, 'nonsense is an instant';
  assert private.resolve_sensors(null, '{}') = '{}', 'sensors appear from nowhere';
end $$;

rollback;
