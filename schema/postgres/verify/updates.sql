-- Verify lintel:updates on pg

begin;

do $$
begin
  assert private.updates_complaint('{"version": "2.1", "share": 25}') is null, 'a good text is refused';
  assert private.updates_complaint('{"share": "all"}') is not null, 'a wrong share is taken';
  assert private.updates('{"version": "2.1"}', null) is null, 'half of it is told';
end $$;

rollback;
