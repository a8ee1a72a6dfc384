-- One of several sessions that replay, correct and move the same readings of one gateway at once, in any order.
-- Needs lintel.gateway (public id), lintel.session and lintel.requests to be set. Reading r of 300 has, in this
-- order, the versions: as first sent, corrected, moved to where reading r + 40 first stood. The readings lie
-- around midnight at the end of a month and around a change of the clocks, so that many move from one day, month or
-- hour into another. Of ten, two are regional, one lasts two hours, one is an estimate, and one is voided until it moves.
-- With each comes coverage of its ten minutes: counting, down, counting again.
do $$
declare
  session   integer := current_setting('lintel.session');
  requests  integer := current_setting('lintel.requests');
  month_end bigint := extract(epoch from date_trunc('month', now(), 'Europe/Berlin') - interval '95 minutes') * 1000;
  jump      bigint;
  waited    integer := 0;
  picked    jsonb;
  answer    jsonb;
begin
  perform setseed(session / 100.0);
  select extract(epoch from max(t)) * 1000 - 3600000 into jump
    from generate_series(date_trunc('hour', now() - interval '300 days'), now(), interval '1 hour') as t
   where (t at time zone 'Europe/Berlin') - ((t - interval '1 hour') at time zone 'Europe/Berlin') <> interval '1 hour';
  perform set_config('request.jwt.claims', json_build_object('sub', current_setting('lintel.gateway'))::text, false);

  for n in 1 .. requests loop
    select jsonb_build_object(
      'series', jsonb_agg(
        jsonb_build_object('sensor', md5('concurrent')::uuid, 'rev', version::text,
             't', began + (r % 150 + case when version = 3 then 40 else 0 end) * 60000::bigint,
             'dur', case when r % 10 = 7 then 7200000 else 60000 * version end,
             'flags', case when r % 10 = 8 then '16' when r % 10 = 6 and version < 3 then '32' else '0' end)
        || case when r % 5 = 4 then jsonb_build_object('region', 'R', 'occ', value)
                else jsonb_build_object('line', (r % 2)::text, 'in', value, 'out', '1') end
        || case when version = 3 then jsonb_build_object('moved', jsonb_build_array(jsonb_build_object('k', 0, 'seq', 0, 't', began + r % 150 * 60000::bigint))) else '{}' end),
      'coverage', jsonb_agg(
        jsonb_build_object('sensor', md5('concurrent')::uuid, 'line', '', 'rev', version, 'spans', jsonb_build_array(jsonb_build_array(
             began + r % 150 / 10 * 600000::bigint, began + (r % 150 / 10 + 1) * 600000::bigint, case when version = 2 then 'down' else 'counting' end)))))
      into picked
      from (select r, version, case when version = 1 then r else r + 1000 end::text as value, case when r < 150 then month_end else jump end as began
              -- The last rounds bring every last version, so that the end is known.
              from (select r, version from (select floor(random() * 300)::integer as r, 1 + floor(random() * 3)::integer as version
                                              from generate_series(1, 10)) as any_version where n <= requests - 10
                    union all
                    select r, 3 from generate_series(0, 299) as r where n > requests - 10 and r % 10 = n - requests + 9) as chosen) as reading;
    loop
      begin
        answer := api.gateway_sync_v1(jsonb_build_object('v', 1, 'epoch', 'concurrent', 'config_version', 0,
          'after', n - 1, 'to', n,
          'sensors', jsonb_build_array(jsonb_build_object('id', md5('concurrent')::uuid, 'serial', 'concurrent', 'name', 'Door'))) || picked);
        exit;
      exception when lock_not_available then
        waited := waited + 1;  -- as the contract says: try again
      end;
    end loop;
    if answer ? 'error' or answer -> 'rejected' is distinct from '[]' or answer #> '{coverage,ignored}' <> '0' then
      raise exception 'session %: %', session, left(answer::text, 500);
    end if;
    commit;
  end loop;
  raise notice 'session %: % requests, waited too long %', session, requests, waited;
end $$;
