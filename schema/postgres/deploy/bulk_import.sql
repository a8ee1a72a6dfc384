-- Deploy lintel:bulk_import to pg
-- requires: administration
-- requires: gateway_sync
-- Counts from elsewhere take the road of a sync, as epoch 0: any gateway's epoch is higher.

begin;
set local role lintel_owner;

create table private.imports (
  id              bigint generated always as identity primary key,
  public_id       uuid not null default gen_random_uuid() unique,
  organization_id bigint not null,
  store_id        integer not null,
  source          text not null check (length(source) between 1 and 200),
  created_by      uuid,
  received_at     timestamptz(3) not null default now(),
  added           integer not null check (added >= 0),
  corrected       integer not null check (corrected >= 0),
  unchanged       integer not null check (unchanged >= 0),
  rejected        integer not null check (rejected >= 0),
  foreign key (organization_id, store_id) references data.stores (organization_id, id) on delete cascade,
  foreign key (organization_id, created_by) references data.user_profiles (organization_id, id) on delete set null (created_by)
);
create index imports_store on private.imports (store_id, received_at);
comment on index private.imports_store is 'Which import brought this row';

comment on table private.imports is 'Imports of counts. A raw row of epoch 0 came with the import of the same store and received_at.';
comment on column private.imports.id is 'Compact key';
comment on column private.imports.public_id is 'Id outside this database';
comment on column private.imports.organization_id is 'The tenant';
comment on column private.imports.store_id is 'The store';
comment on column private.imports.source is 'Where the counts came from, in the importer''s words';
comment on column private.imports.created_by is 'Person who imported; null for HQ, whom the audit log names';
comment on column private.imports.received_at is 'When; the same instant stands on the raw rows';
comment on column private.imports.added is 'Readings that were new';
comment on column private.imports.corrected is 'Readings that replaced one of an earlier import';
comment on column private.imports.unchanged is 'Readings that were there already';
comment on column private.imports.rejected is 'Readings that were named as rejected';
alter table private.imports enable row level security;
create trigger imports_audit after insert or update or delete on private.imports
  for each row execute function private.audit_row('store_id', 'source', 'received_at', 'added', 'corrected', 'unchanged', 'rejected');

create function private.import_complaint(body jsonb) returns text
language plpgsql immutable as $$
declare
  complaint text := case
    when coalesce(jsonb_typeof(body) <> 'object', true) then 'the body is not an object'
    when body -> 'v' is distinct from '1' then 'v must be 1'
    when pg_column_size(body) > 1048576 then 'more than 1 MB; split it'
    when coalesce(jsonb_typeof(body -> 'store') <> 'string', true) or not private.is_uuid(body ->> 'store') then 'store must be a uuid'
    when coalesce(jsonb_typeof(body -> 'source') <> 'string', true)
      or body ->> 'source' !~ '^[^[:cntrl:]]{1,200}$' then 'source must be a text of 1 to 200 characters'
    when jsonb_typeof(coalesce(body -> 'dry_run', 'false')) <> 'boolean' then 'dry_run must be true or false'
    when coalesce(jsonb_typeof(body -> 'series') <> 'array', true) then 'series must be an array'
  end;
begin
  if complaint is null then
    select format('series[%s]: %s', n - 1, reason) into complaint
      from jsonb_array_elements(body -> 'series') with ordinality as e (series, n),
           coalesce(private.series_complaint(series), case when series ? 'moved' then 'an import moves no reading' end) as reason
     where reason is not null
     order by n limit 1;
  end if;
  if complaint is null and (select sum(private.series_length(x)) from jsonb_array_elements(body -> 'series') as x) > 10000 then
    complaint := 'more than 10000 readings; split it';
  end if;
  return complaint;
end $$;
comment on function private.import_complaint(jsonb) is 'Why an import cannot be understood as a whole; null when it can';

create function private.import_sensors(store data.stores, all_series jsonb) returns jsonb
language plpgsql stable as $$
begin
  return (
  select coalesce(jsonb_object_agg(w.ref, jsonb_build_object('id', s.id, 'code', case
           when s.id is null or s.organization_id <> store.organization_id then 'unknown_sensor'
           when s.store_id <> store.id then 'foreign_sensor' end)), '{}')
    from (select distinct x ->> 'sensor' as ref from jsonb_array_elements(all_series) as x) as w
    left join lateral (
      select k.id, k.organization_id, k.store_id from data.sensor_metadata k
       where k.id = case when w.ref ~ '^[0-9]{1,9}$' then w.ref::integer end
      union all
      select p.id, p.organization_id, p.store_id from data.sensor_metadata p
       where p.public_id = case when private.is_uuid(w.ref) then w.ref::uuid end
      limit 1) as s on true);
end $$;
comment on function private.import_sensors(data.stores, jsonb) is 'The sensors an import names, as private.parse_series wants them; another tenant''s are unknown';

create view private.raw_keys as
  select store_id, slot, sensor_id, false as regional, line as label, started_at, seq, duration_ms, flags, epoch, revision,
         started_at + greatest(duration_ms, 1) * interval '1 millisecond' as ends_at
    from data.people_counting_raw
  union all
  select store_id, slot, sensor_id, true, region, started_at, seq, duration_ms, flags, epoch, revision,
         started_at + greatest(duration_ms, 1) * interval '1 millisecond'
    from data.regional_counting_raw;
comment on view private.raw_keys is 'Which readings of both raw tables stand where, and whose they are';

-- What gateways have counted is gathered once per series: minute after minute melts into a few long ranges.
create function private.outranked(store_id integer, readings private.reading[]) returns private.reading[]
language plpgsql stable as $$
declare
  first_at timestamptz := (select min(r.started_at) from unnest(readings) as r);
  last_at  timestamptz := (select max(r.started_at) from unnest(readings) as r);
begin
  return (
  with spans as materialized (
    select g.*, private.slots_of_bucket(outranked.store_id, g.sensor_id, case when g.regional then '' else g.label end,
                                        case when g.regional then g.label else '' end) as slots
      from (select r.sensor_id, r.regional, r.label, min(r.started_at) as first_at,
                   max(r.started_at + greatest(r.duration_ms, 1) * interval '1 millisecond') as last_at
              from unnest(readings) as r group by 1, 2, 3) as g
  ), counted as materialized (
    select s.sensor_id, s.regional, s.label, range_agg(tstzrange(x.started_at, x.ends_at)) as ranges
      from spans s
     cross join lateral (
       select g.started_at, g.ends_at from private.raw_keys g
        where g.epoch > 0 and g.store_id = outranked.store_id and g.slot = any (s.slots) and g.regional = s.regional
          and g.started_at > s.first_at - interval '1 hour' and g.started_at < s.last_at and g.flags & 32 = 0
       union all
       -- Longer than an hour: few, with an index of their own.
       select g.started_at, g.ends_at from private.raw_keys g
        where g.epoch > 0 and g.store_id = outranked.store_id and g.slot = any (s.slots) and g.regional = s.regional
          and g.started_at > s.first_at - interval '402 days' and g.started_at <= s.first_at - interval '1 hour'
          and g.duration_ms > 3600000 and g.flags & 32 = 0) as x
     group by 1, 2, 3
  ), keys as materialized (
    select r.s, r.k from unnest(readings) as r
      join private.slots t
        on t.store_id = outranked.store_id and t.sensor_id = r.sensor_id and t.regional = r.regional and t.label = r.label and t.seq = r.seq
      join private.raw_keys x
        on x.epoch > 0 and x.store_id = outranked.store_id and x.slot = t.slot and x.regional = r.regional
       and x.started_at = r.started_at and x.started_at between first_at and last_at
    union all
    select r.s, r.k from unnest(readings) as r
      join private.moved_keys g
        on g.store_id = outranked.store_id and g.sensor_id = r.sensor_id and g.regional = r.regional and g.label = r.label
       and g.started_at = r.started_at and g.seq = r.seq
  )
  select array_agg(r)
    from unnest(readings) as r
    left join counted c on c.sensor_id = r.sensor_id and c.regional = r.regional and c.label = r.label
   where (r.s, r.k) in (select k.s, k.k from keys k)
      or c.ranges && tstzrange(r.started_at, r.started_at + greatest(r.duration_ms, 1) * interval '1 millisecond'));
end $$;
comment on function private.outranked(integer, private.reading[]) is
  'Readings at whose key a gateway''s reading stands or stood, or whose time a gateway''s reading of the series covers in part';

create function private.import_readings(store data.stores, body jsonb) returns jsonb
language plpgsql volatile as $$
declare
  parsed    record;
  outranked private.reading[];
  readings  private.reading[];
  first_at  timestamptz;
  last_at   timestamptz;
  added     integer := 0;
  corrected integer := 0;
  conflicts jsonb := '[]';
begin
  parsed := private.parse_series(body -> 'series', private.import_sensors(store, body -> 'series'), store.id);
  outranked := private.outranked(store.id, parsed.readings);
  readings := array(select r from unnest(parsed.readings) as r
                     where (r.s, r.k) not in (select o.s, o.k from unnest(outranked) as o));
  select min(r.started_at), max(r.started_at) into first_at, last_at from unnest(readings) as r;
  -- What the keys hold now tells what will be new.
  select count(*) filter (where present is null), count(*) filter (where present < revision) into added, corrected
    from (select max(r.revision) as revision, max(x.revision) as present
            from unnest(readings) as r
            left join private.raw_keys x on x.store_id = store.id and x.sensor_id = r.sensor_id and x.regional = r.regional
             and x.label = r.label and x.started_at = r.started_at and x.seq = r.seq and x.started_at between first_at and last_at
           group by r.sensor_id, r.regional, r.label, r.started_at, r.seq) as keys;
  if cardinality(readings) > 0 then
    conflicts := private.apply_readings(store, 0::smallint, body -> 'series', readings);
  end if;
  return jsonb_build_object('added', added, 'corrected', corrected,
    'unchanged', cardinality(readings) - added - corrected - jsonb_array_length(conflicts),
    'rejected', parsed.rejected || conflicts || coalesce((
      select jsonb_agg(private.rejection(r.s, r.k, 'outranked')) from unnest(outranked) as r), '[]'));
end $$;
comment on function private.import_readings(data.stores, jsonb) is 'Brings valid readings of an import in, and says what became of each';

create function api.people_counting_bulk_v1(jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '2s'
set plan_cache_mode = force_generic_plan as $$
declare
  complaint text := private.import_complaint($1);
  dry_run   boolean := coalesce($1 -> 'dry_run' = 'true', false);
  store     data.stores;
  result    jsonb;
  rejected  integer;
  imported  uuid;
begin
  if complaint is not null then
    return private.sync_failure('malformed', complaint);
  end if;
  store := private.administered_store(($1 ->> 'store')::uuid);
  if store.id is null then
    return private.deny_administration('people_counting_bulk_v1', ($1 ->> 'store')::uuid);
  end if;
  -- As a sync does: nobody else writes readings of these sensors meanwhile.
  perform from data.gateways g where g.store_id = store.id order by g.id for no key update;
  begin
    result := private.import_readings(store, $1);
    if dry_run then
      raise exception using errcode = 'LTDRY';
    end if;
  exception when sqlstate 'LTDRY' then
    null;  -- undone; what it came to stays in result
  end;
  rejected := jsonb_array_length(result -> 'rejected');
  if not dry_run then
    insert into private.imports (organization_id, store_id, source, created_by, added, corrected, unchanged, rejected)
    values (store.organization_id, store.id, $1 ->> 'source', private.person_of(store), (result ->> 'added')::integer,
            (result ->> 'corrected')::integer, (result ->> 'unchanged')::integer, rejected)
    returning public_id into imported;
  end if;
  return jsonb_build_object('v', 1, 'dry_run', dry_run, 'import', imported, 'rejected_count', rejected) || result
      || jsonb_build_object('rejected', (
           select coalesce(jsonb_agg(e.x order by (e.x ->> 's')::integer, (e.x ->> 'k')::integer), '[]')
             from (select x from jsonb_array_elements(result -> 'rejected') as x
                    order by (x ->> 's')::integer, (x ->> 'k')::integer limit 1000) as e));
end $$;
comment on function api.people_counting_bulk_v1(jsonb) is
  'Imports counts of one store from elsewhere; with dry_run it only says what would become of them. Never outranks a gateway. For HQ and administrators.';

revoke all on private.raw_keys from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function private.import_complaint(jsonb), private.import_sensors(data.stores, jsonb),
  private.outranked(integer, private.reading[]), private.import_readings(data.stores, jsonb), api.people_counting_bulk_v1(jsonb)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.people_counting_bulk_v1(jsonb) to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
