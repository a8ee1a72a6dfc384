-- Verify lintel:sync_envelope on pg

begin;

do $$
begin
  assert private.sync_complaint('{"v": 1, "epoch": "e", "after": 0, "to": 0}') is null, 'the least request is refused';
  assert private.sync_complaint('[]') = 'the body is not an object', 'garbage is understood';
  assert private.list_length(',,') = 3 and private.list_length(':120') = 3, 'values are miscounted';
  assert private.written_out('[{"t": 5, "of": {"sensor": [1, 2]}}]') = '[{"t": 5, "sensor": 1}, {"t": 5, "sensor": 2}]', 'shared keys are lost';
end $$;

rollback;
