-- Deploy lintel:sync_coverage to pg
-- requires: coverage
-- requires: sync_devices
-- requires: partitions
-- The coverage part of a sync request (schema/SYNC.md). It comes after the counts and can never refuse one: what cannot
-- be understood is left out and named in the answer.

begin;
set local role lintel_owner;

create function private.coverage_complaint(span jsonb) returns text
language plpgsql stable as $$
begin
  return case
    when jsonb_typeof(span) <> 'array' or jsonb_array_length(span) <> 3 or private.from_ms(span -> 0) is null
      or private.from_ms(span -> 1) is null then 'a span is [from, to, state], whole milliseconds and a text'
    when coalesce(span ->> 2 not in ('counting', 'down', 'unknown'), true) then 'state is counting, down or unknown'
    when private.from_ms(span -> 0) >= private.from_ms(span -> 1) then 'a span ends after it starts'
    when private.from_ms(span -> 1) - private.from_ms(span -> 0) > interval '400 days' then 'a span lasts at most 400 days'
    when private.from_ms(span -> 1) > now() + interval '1 day' then 'a span ends at most a day ahead'
    when private.from_ms(span -> 1) < private.retention_horizon() then 'a span ends after the retention horizon'
  end;
end $$;
comment on function private.coverage_complaint(jsonb) is 'Why a span of coverage is not taken; null when it is';

create function private.series_coverage_complaint(series jsonb, sensors jsonb) returns text
language plpgsql stable as $$
begin
  return coalesce(private.naming_complaint(series, sensors), case
    when series ? 'rev' and (not private.is_integer(series -> 'rev') or series ->> 'rev' ~ '^-') then 'rev must be a whole number'
    when coalesce(jsonb_typeof(series -> 'spans') <> 'array', true) then 'spans must be an array'
  end);
end $$;
comment on function private.series_coverage_complaint(jsonb, jsonb) is 'Why a series'' coverage is not taken; null when it is';

create function private.apply_coverage(store data.stores, epoch smallint, body jsonb, sensors jsonb) returns jsonb
language plpgsql volatile as $$
declare
  max_spans constant integer := 1000;
  part      record;
  complaint text;
  first_one text;
  taken     integer := 0;
  ignored   integer := 0;
begin
  if jsonb_typeof(body -> 'coverage') <> 'array' then
    return jsonb_build_object('taken', 0, 'ignored', 1, 'first', 'coverage must be an array');
  end if;
  -- An entry without spans still has to be named if it is wrong.
  for part in
    select n - 1 as n, series, span
      from jsonb_array_elements(body -> 'coverage') with ordinality as e (series, n)
      left join lateral jsonb_array_elements(
             case when jsonb_typeof(series -> 'spans') = 'array' then series -> 'spans' end) with ordinality as s (span, k) on true
     order by n, k
  loop
    complaint := coalesce(
      private.series_coverage_complaint(part.series, sensors),
      case when part.span is null then null
           when taken + ignored >= max_spans then format('a request holds at most %s spans', max_spans)
           else private.coverage_complaint(part.span) end);
    if complaint is not null then
      ignored := ignored + 1;
      first_one := coalesce(first_one, format('coverage[%s]: %s', part.n, complaint));
    elsif part.span is not null then
      perform private.put_coverage(
        store.id, (sensors -> (part.series ->> 'sensor') ->> 'id')::integer, part.series ? 'region',
        coalesce(part.series ->> 'line', part.series ->> 'region'),
        tstzrange(private.from_ms(part.span -> 0), private.from_ms(part.span -> 1)), part.span ->> 2,
        apply_coverage.epoch, coalesce((part.series ->> 'rev')::bigint, (body ->> 'to')::bigint));
      taken := taken + 1;
    end if;
  end loop;
  return jsonb_build_object('taken', taken, 'ignored', ignored)
         || case when first_one is null then '{}' else jsonb_build_object('first', first_one) end;
end $$;
comment on function private.apply_coverage(data.stores, smallint, jsonb, jsonb) is
  'Takes over what the request says of when its series were counting. Returns how many spans were taken and ignored, and why the first was.';

revoke all on function private.coverage_complaint(jsonb), private.series_coverage_complaint(jsonb, jsonb),
  private.apply_coverage(data.stores, smallint, jsonb, jsonb) from public, anon, authenticated, lintel_gateway;

notify pgrst, 'reload schema';
commit;
