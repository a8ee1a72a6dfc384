-- Deploy lintel:denials to pg
-- requires: callers
-- requires: policies
-- A function that raises takes with it whatever it wrote, and PostgreSQL has no other transaction to write in. So
-- administrative and gateway functions do not raise when they deny: they answer with PostgREST's error object, set
-- its status (setting response.status, which PostgREST reads before it commits) and the record stays.
-- What the database's own privileges deny never gets here; PostgreSQL's log has it.

begin;
set local role lintel_owner;

create table private.denials (
  minute          timestamptz not null,
  function        text not null,
  actor           text not null,
  organization_id bigint references data.organizations (id) on delete cascade,
  message         text not null,
  request_id      text,
  first_at        timestamptz not null,
  last_at         timestamptz not null,
  times           integer not null default 1 check (times > 0),
  primary key (minute, function, actor)
);
comment on table private.denials is 'Who was denied which function: one row a minute, however often it was tried';
comment on column private.denials.minute is 'The minute';
comment on column private.denials.function is 'The function, without its schema';
comment on column private.denials.actor is 'Role and subject of the token';
comment on column private.denials.organization_id is 'The tenant of who was denied, if it is known';
comment on column private.denials.message is 'What was answered the first time in this minute';
comment on column private.denials.request_id is 'Header X-Request-Id of that request, if there was one';
comment on column private.denials.first_at is 'First time in this minute';
comment on column private.denials.last_at is 'Last time in this minute';
comment on column private.denials.times is 'How often in this minute';
alter table private.denials enable row level security;
revoke all on private.denials from public, anon, authenticated, lintel_gateway, lintel_hq;

insert into private.settings (key, value, description) values
  ('denials_retention_days', '400', 'How long denied calls are remembered');

create function private.deny(function text, message text, hint text default null, tenant bigint default null,
                             status integer default 403) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  -- In a transaction that only reads (GET) nothing can be kept, and nothing could have been changed.
  if current_setting('transaction_read_only') = 'off' then
    insert into private.denials as d (minute, function, actor, organization_id, message, request_id, first_at, last_at)
    values (date_trunc('minute', clock_timestamp()), deny.function, private.actor(), tenant, left(deny.message, 1000),
            private.request_id(), clock_timestamp(), clock_timestamp())
    on conflict on constraint denials_pkey do update set times = d.times + 1, last_at = excluded.last_at;
  end if;
  perform set_config('response.status', deny.status::text, true);
  return jsonb_build_object('code', '42501', 'message', deny.message, 'details', null, 'hint', deny.hint);
end $$;
comment on function private.deny(text, text, text, bigint, integer) is
  'Records a denial and gives the answer for it, status and all. For functions that return jsonb: "return private.deny(...)", before anything was changed.';

create function private.forget_denials() returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.denials d
   where d.minute < now() - make_interval(days => private.setting('denials_retention_days')::integer);
end $$;
comment on function private.forget_denials() is 'Part of the daily maintenance';

create function api.denials(since timestamptz default now() - interval '7 days')
returns table (minute timestamptz, function text, actor text, organization_id bigint, message text, request_id text,
               first_at timestamptz, last_at timestamptz, times integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  everything boolean := private.caller_role() = 'lintel_hq';
  tenant     bigint := case when not everything then private.my_whole_tenant() end;
begin
  return query
    select d.minute, d.function, d.actor, d.organization_id, d.message, d.request_id, d.first_at, d.last_at, d.times
      from private.denials d
     where d.minute >= date_trunc('minute', since) and (everything or d.organization_id = tenant)
     order by d.minute desc, d.function, d.actor
     limit 1000;
end $$;
comment on function api.denials(timestamptz) is
  'Calls that were denied, newest first, at most 1000: HQ sees all, organization administrators and auditors their tenant''s';

revoke all on function private.deny(text, text, text, bigint, integer), private.forget_denials(), api.denials(timestamptz)
  from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function api.denials(timestamptz) to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
