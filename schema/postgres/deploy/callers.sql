-- Deploy lintel:callers to pg
-- requires: settings
-- Who calls, as the request says it. PostgREST sets the database role from the token's role claim and puts the
-- claims and headers into settings; what is not as expected there counts as absent, never as an error.

begin;
set local role lintel_owner;

create function private.claims() returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  claims jsonb;
begin
  claims := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  return case when jsonb_typeof(claims) = 'object' then claims else '{}' end;
exception when data_exception then
  return '{}';
end $$;
comment on function private.claims() is 'Claims of the request''s token; an empty object without any';

create function private.caller_id() returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  subject text := private.claims() ->> 'sub';
begin
  return case when subject ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then subject::uuid end;
end $$;
comment on function private.caller_id() is 'Subject of the request''s token; null if it is no uuid';

-- The role that was set, also inside a function that runs as its owner; the claim of that name is not asked.
create function private.caller_role() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return coalesce(nullif(current_setting('role', true), 'none'), session_user);
end $$;
comment on function private.caller_role() is 'Database role on whose behalf the request runs';

create function private.actor() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  role    text := private.caller_role();
  subject text := private.claims() ->> 'sub';
begin
  return left(case when role = session_user then role
                   when subject <> '' then role || ':' || subject
                   else session_user || ' as ' || role end, 300);
end $$;
comment on function private.actor() is
  'Who acts: role and subject of the request''s token; outside a request the role that logged in, and which it took on';

create function private.request_id() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return left(nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-request-id', 200);
exception when data_exception then
  return null;
end $$;
comment on function private.request_id() is 'Header X-Request-Id of the request, if there is one';

revoke all on function private.claims(), private.caller_id(), private.caller_role(), private.actor(), private.request_id()
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
