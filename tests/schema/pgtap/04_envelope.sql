\ir setup.psql
select plan(44);
select pg_temp.become_store('envelope') \g /dev/null

create function pg_temp.complaint(body jsonb) returns text
language plpgsql as $$
declare
  answer jsonb := pg_temp.call(body);
begin
  if answer - 'v' - 'error' <> '{}' or answer -> 'error' ->> 'code' <> 'malformed' then
    return answer::text;
  end if;
  return answer -> 'error' ->> 'message';
end $$;
create function pg_temp.with(more jsonb) returns jsonb
language sql as $$ select '{"v": 1, "epoch": "first", "after": 0, "to": 1}'::jsonb || more $$;
create function pg_temp.with_series(series jsonb) returns jsonb
language sql as $$ select pg_temp.with(jsonb_build_object('series', jsonb_build_array(series))) $$;

select matches(pg_temp.complaint(body::jsonb), message, body) from (values
  ('[]', 'not an object'), ('"x"', 'not an object'), ('null', 'not an object'), ('7', 'not an object'),
  ('{}', 'v must be'), ('{"v": 0, "epoch": "e", "after": 0, "to": 0}', 'v must be'), ('{"v": 1.5}', 'v must be'), ('{"v": "1"}', 'v must be'),
  ('{"v": 1}', 'epoch'), ('{"v": 1, "epoch": 7}', 'epoch'), ('{"v": 1, "epoch": "", "after": 0, "to": 0}', 'epoch'),
  ('{"v": 1, "epoch": "e"}', 'after and to'), ('{"v": 1, "epoch": "e", "after": 1.5, "to": 2}', 'whole numbers'),
  ('{"v": 1, "epoch": "e", "after": -1, "to": 2}', '0 <= after'), ('{"v": 1, "epoch": "e", "after": 3, "to": 2}', 'after <= to'),
  ('{"v": 1, "epoch": "e", "after": 0, "to": 1e300}', 'whole numbers'),
  ('{"v": 1, "epoch": "e", "after": 0, "to": 1, "series": {}}', 'series must be an array'),
  ('{"v": 1, "epoch": "e", "after": 0, "to": 1, "liveness": 3}', 'liveness must be an array'),
  ('{"v": 1, "epoch": "e", "after": 0, "to": 1, "health": []}', 'health must be an object'),
  ('{"v": 1, "epoch": "e", "after": 0, "to": 1, "sensors": [{"id": "x"}]}', 'sensors.0.: needs id'),
  ('{"v": 1, "epoch": "e", "after": 0, "to": 1, "sensors": [null]}', 'sensors.0.: needs id'),
  ('{"v": 1, "epoch": "e", "after": 0, "to": 0, "series": [{}]}', 'change numbers')) as t (body, message);
select matches(pg_temp.complaint(pg_temp.with_series(series::jsonb)), message, series) from (values
  ('3', 'series.0.: is not an object'), ('{"line": ""}', 'sensor'), ('{"sensor": 1}', 'exactly one'),
  ('{"sensor": 1, "line": "", "region": ""}', 'exactly one'), ('{"sensor": 1, "line": 1, "t": 1}', 'texts'),
  ('{"sensor": 1, "line": "", "t": "1", "in": "1"}', 't must be'), ('{"sensor": 1, "line": "", "t": 1, "in": 1}', 'in must be a text'),
  ('{"sensor": 1, "line": "", "t": 1}', 'no readings'), ('{"sensor": 1, "line": "", "t": 1, "in": "1,2"}', 'needs d or step'),
  ('{"sensor": 1, "line": "", "t": 1, "step": 1, "in": "1,2", "out": "1"}', 'differ in length'),
  ('{"sensor": 1, "line": "", "t": 1, "in": "1", "occ": "1"}', 'no occ'),
  ('{"sensor": 1, "line": "", "t": 1, "in": "1", "moved": [{"k": 1, "t": 0}]}', 'reading that is not there')) as t (series, message);

-- Series told as one, from version 2 on.
select matches(pg_temp.complaint(pg_temp.with_series(series::jsonb) || '{"v": 2}'), message, series) from (values
  ('{"line": "", "t": 1, "of": 3}', 'series.0.: of must be'), ('{"line": "", "t": 1, "of": {}}', 'of must be'), ('{"of": {"sensor": 1}}', 'of must be'),
  ('{"line": "", "t": 1, "of": {"sensor": [1, 2], "in": ["1"]}}', 'one length'), ('{"line": "", "t": 1, "of": {"sensor": []}}', 'one length'),
  ('{"line": "", "t": 1, "of": {"sensor": [1, 2], "in": ["1", 2]}}', 'series.1.: in must be a text'),
  ('{"sensor": 1, "line": "", "t": 1, "in": ":"}', 'no readings')) as t (series, message);
select matches(pg_temp.complaint(pg_temp.with_series(jsonb_build_object('line', repeat('x', 1001), 'of', '{"sensor": [1]}'::jsonb)) || '{"v": 2}'), '1000 bytes', 'little cannot be made much');

select is((select count(*) from data.people_counting_raw where store_id = pg_temp.store())
        + (select count(*) from private.epochs e join data.gateways g on g.id = e.gateway_id where g.store_id = pg_temp.store()),
  0::bigint, 'none of them changed anything');
select matches(pg_temp.complaint(pg_temp.with(jsonb_build_object('epoch', repeat('garbage ', 131072)))), 'epoch', 'a megabyte of garbage is refused');

select * from finish();
rollback;
