-- Verify lintel:gateway_alerts on pg

begin;

do $$
begin
  assert private.alert_complaint('{"kind": "disk_full", "key": "disk", "severity": "warning", "state": "open", "message": "m", "opened_at": 1785539520000}') is null,
    'a good alert is refused';
  assert private.alert_complaint('7') is not null, 'a number is an alert';
  assert private.apply_gateway_alerts(null, '{}') #>> '{0,code}' = 'malformed', 'an object is a list of alerts';
end $$;

rollback;
