-- Deploy lintel:roles to pg
-- Roles belong to the whole cluster and may be there already (Supabase brings anon and authenticated),
-- so these, unlike everything that follows, are created only when missing.

begin;

do $$
declare
  wanted text;
begin
  foreach wanted in array array['anon', 'authenticated', 'lintel_gateway', 'lintel_hq', 'lintel_owner', 'lintel_monitor'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      -- Who watches has what PostgreSQL lets its monitors read; nobody else inherits anything.
      execute format('create role %I nologin %s', wanted, case when wanted = 'lintel_monitor' then 'inherit' else 'noinherit' end);
      execute format('comment on role %I is %L', wanted, 'Lintel: made with the central schema');  -- its revert''s to drop
    end if;
  end loop;

  -- Whoever deploys must be able to act as the owner; a superuser is anyway.
  if not (select rolsuper from pg_roles where rolname = current_user)
     and not pg_has_role(current_user, 'lintel_owner', 'member') then
    execute format('grant lintel_owner to %I', current_user);
  end if;

  -- The role PostgREST logs in with has to be able to become a gateway, and HQ.
  if exists (select from pg_roles where rolname = 'authenticator') then
    grant lintel_gateway, lintel_hq to authenticator;
  end if;
end $$;

comment on role lintel_owner is 'Lintel: owns all objects of the central schema; nobody logs in as it';
comment on role lintel_gateway is 'Lintel: what a gateway''s token becomes; may call the gateway functions and nothing else';
comment on role lintel_monitor is 'Lintel: who watches the database; reads the schema monitor and nothing else of ours';
comment on role lintel_hq is 'Lintel: HQ''s administrators, who see and configure all tenants. A role of its own, so that no policy of the others has to ask.';

notify pgrst, 'reload schema';
commit;
