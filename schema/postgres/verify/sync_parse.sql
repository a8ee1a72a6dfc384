-- Verify lintel:sync_parse on pg

begin;

do $$
begin
  assert private.parse_list('1,,-3,x,12345678901234567') =
         array[1, null, -3, -9223372036854775808, -9223372036854775808], 'lists are misread';
  assert cardinality((private.parse_series(
    jsonb_build_array(jsonb_build_object('sensor', 1, 'line', '', 't', floor(extract(epoch from now()) * 1000),
                                         'step', 1, 'in', '1,2')), '{"1": {"id": 1}}', 0)).readings) = 2,
    'a series is misread';
  assert private.naming_complaint('{"sensor": 1, "line": ""}', '{"1": {"id": 1}}') is null, 'an entry that names a series is refused';
end $$;

rollback;
