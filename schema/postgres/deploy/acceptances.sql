-- Deploy lintel:acceptances to pg
-- requires: sync_devices
-- requires: administration
-- Walk tests come with a sync and after its counts, which they can neither refuse nor delay.

begin;
set local role lintel_owner;

create table private.acceptances (
  id              bigint generated always as identity primary key,
  public_id       uuid not null unique,
  organization_id bigint not null,
  store_id        integer not null,
  sensor_id       integer not null,
  line            text not null check (length(line) <= 64),
  at              timestamptz not null,
  walked_in       integer not null check (walked_in >= 0),
  walked_out      integer not null check (walked_out >= 0),
  counted_in      integer not null check (counted_in >= 0),
  counted_out     integer not null check (counted_out >= 0),
  verdict         text not null check (verdict in ('passed', 'failed')),
  signed_by       text not null check (length(signed_by) between 1 and 200),
  note            text not null default '' check (length(note) <= 2000),
  received_at     timestamptz not null default now(),
  foreign key (organization_id, store_id) references data.stores (organization_id, id) on delete cascade,
  foreign key (organization_id, store_id, sensor_id)
    references data.sensor_metadata (organization_id, store_id, id) on delete cascade
);
create index acceptances_store on private.acceptances (store_id, at);
comment on index private.acceptances_store is 'What happened in my stores, newest first (api.activity)';

comment on table private.acceptances is 'Walk tests: somebody walked through a door and compared. Written once, by gateways.';
comment on column private.acceptances.id is 'Compact key';
comment on column private.acceptances.public_id is 'Id outside this database, made by the gateway: the same one is taken once';
comment on column private.acceptances.organization_id is 'The tenant';
comment on column private.acceptances.store_id is 'The store';
comment on column private.acceptances.sensor_id is 'The sensor';
comment on column private.acceptances.line is 'Line; empty for the whole device';
comment on column private.acceptances.at is 'When it was done';
comment on column private.acceptances.walked_in is 'How often somebody walked in';
comment on column private.acceptances.walked_out is 'How often somebody walked out';
comment on column private.acceptances.counted_in is 'What the sensor counted in';
comment on column private.acceptances.counted_out is 'What the sensor counted out';
comment on column private.acceptances.verdict is 'passed or failed, as whoever signed found';
comment on column private.acceptances.signed_by is 'Name of who did it, in that person''s words';
comment on column private.acceptances.note is 'Remarks';
comment on column private.acceptances.received_at is 'When HQ took it';
alter table private.acceptances enable row level security;

create function private.is_count(value jsonb) returns boolean
language sql immutable
return coalesce(private.is_integer(value) and (value #>> '{}')::bigint between 0 and 1000000, false);
comment on function private.is_count(jsonb) is 'Whether a JSON value is a whole number from 0 to a million';

create function private.is_text(value jsonb, shortest integer, longest integer) returns boolean
language sql immutable
return coalesce(jsonb_typeof(value) = 'string' and length(value #>> '{}') between shortest and longest
                and value #>> '{}' !~ '[[:cntrl:]]', false);
comment on function private.is_text(jsonb, integer, integer) is 'Whether a JSON value is a text of this length without control characters';

create function private.acceptance_complaint(entry jsonb, sensors jsonb) returns text
language sql stable
return case
  when jsonb_typeof(entry) <> 'object' then 'bad_value'
  when not private.is_uuid(entry ->> 'id') or not private.is_text(entry -> 'line', 0, 64)
    or private.from_ms(entry -> 'at') is null or not private.is_count(entry -> 'walked_in')
    or not private.is_count(entry -> 'walked_out') or not private.is_count(entry -> 'counted_in')
    or not private.is_count(entry -> 'counted_out') or coalesce(entry ->> 'verdict' not in ('passed', 'failed'), true)
    or not private.is_text(entry -> 'signed_by', 1, 200)
    or not private.is_text(coalesce(entry -> 'note', '""'), 0, 2000) then 'bad_value'
  when private.from_ms(entry -> 'at') > now() + interval '1 day' then 'future'
  when sensors -> (entry ->> 'sensor') -> 'id' is null then 'unknown_sensor'
  else sensors -> (entry ->> 'sensor') ->> 'code'
end;
comment on function private.acceptance_complaint(jsonb, jsonb) is 'Code of why an acceptance is not taken; null when it is';

create function private.apply_acceptances(gateway data.gateways, body jsonb) returns jsonb
language plpgsql volatile as $$
declare
  entries jsonb := case when jsonb_typeof(body -> 'acceptances') = 'array' then body -> 'acceptances' else '[null]' end;
  sensors jsonb;
  answer  jsonb;
begin
  sensors := private.resolve_sensors(gateway, jsonb_build_object('sensors', coalesce(body -> 'sensors', '[]'), 'series',
    jsonb_path_query_array(entries, '$[*] ? (@.type() == "object" && exists (@.sensor))')));
  insert into private.acceptances (public_id, organization_id, store_id, sensor_id, line, at, walked_in, walked_out,
                                   counted_in, counted_out, verdict, signed_by, note)
  select distinct on (x ->> 'id') (x ->> 'id')::uuid, gateway.organization_id, gateway.store_id,
         (sensors -> (x ->> 'sensor') ->> 'id')::integer, x ->> 'line', private.from_ms(x -> 'at'),
         (x ->> 'walked_in')::integer, (x ->> 'walked_out')::integer, (x ->> 'counted_in')::integer,
         (x ->> 'counted_out')::integer, x ->> 'verdict', x ->> 'signed_by', coalesce(x ->> 'note', '')
    from jsonb_array_elements(entries) with ordinality as e (x, n)
   where n <= 100 and private.acceptance_complaint(x, sensors) is null
   order by x ->> 'id', n
  on conflict (public_id) do nothing;
  -- An id another store has used is nobody's business here: the gateway makes another one.
  select jsonb_build_object(
           'taken', coalesce(jsonb_agg(x -> 'id' order by n) filter (where code is null), '[]'),
           'rejected', coalesce(jsonb_agg(jsonb_build_object('n', n - 1, 'code', code) order by n) filter (where code is not null), '[]'))
    into answer
    from (select x, n, coalesce(
                   private.acceptance_complaint(x, sensors),
                   case when n > 100 then 'too_many'
                        when not exists (select from private.acceptances a
                                          where a.public_id = (x ->> 'id')::uuid and a.store_id = gateway.store_id) then 'conflict' end) as code
            from jsonb_array_elements(entries) with ordinality as e (x, n)) as judged;
  return answer;
exception when others then
  -- Whatever went wrong, the counts before it stay; what is in neither list comes again.
  raise log 'acceptances of gateway % were not taken: % (%)', gateway.public_id, sqlerrm, sqlstate;
  return '{"taken": [], "rejected": []}';
end $$;
comment on function private.apply_acceptances(data.gateways, jsonb) is
  'Takes a request''s walk tests, each once, at most 100, in a savepoint. Says which were taken and which are rejected, by position and code.';

create view api.acceptances with (security_barrier = true) as
  select a.public_id, a.organization_id, a.store_id, t.name as store_name, a.sensor_id, s.name as sensor_name, a.line, a.at,
         a.walked_in, a.walked_out, a.counted_in, a.counted_out, a.verdict, a.signed_by, a.note
    from private.acceptances a
    join data.stores t on t.id = a.store_id
    join data.sensor_metadata s on s.id = a.sensor_id
   where a.store_id = any ((select private.readable_store_ids())::integer[]);
comment on view api.acceptances is 'Walk tests in the stores the user may see';

revoke all on function private.is_count(jsonb), private.is_text(jsonb, integer, integer), private.acceptance_complaint(jsonb, jsonb),
  private.apply_acceptances(data.gateways, jsonb) from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on private.acceptances, api.acceptances from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.acceptances to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
