-- Verify lintel:sync_envelope on pg

begin;

do $$
begin
  assert private.sync_complaint('{"v": 1, "epoch": "e", "after": 0, "to": 0}') is null, 'the least request is refused';
  assert private.sync_complaint('[]') = 'the body is not an object', 'garbage is understood';
  assert private.list_length(',,') = 3, 'nulls are miscounted';
end $$;

rollback;
