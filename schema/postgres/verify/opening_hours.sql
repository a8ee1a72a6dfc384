-- Verify lintel:opening_hours on pg

begin;

do $$
begin
  assert private.open_spans('{"friday": [["20:00", "02:00"]]}', 'UTC', '2026-11-21', '2026-11-21')
         = '{[2026-11-20 20:00+00, 2026-11-21 02:00+00)}', 'a span past midnight is lost';
  assert private.nearer_hours('{"monday": []}', null) = '{"monday": []}', 'nothing is inherited';
  assert private.opening_complaint('{"freitag": []}') is not null, 'an unknown weekday is taken';
end $$;

rollback;
