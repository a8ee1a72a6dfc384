-- Deploy lintel:my_profile to pg
-- requires: configuration

begin;
set local role lintel_owner;

create view api.my_profile with (security_invoker = true) as
  select p.id, p.role, p.display_name, p.timezone_preference, p.email_notifications, p.organization_id,
         (select o.name from data.organizations o where o.id = p.organization_id) as organization_name,
         (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'public_id', o.public_id, 'name', o.name) order by o.path), '[]')
            from data.organizations o
           where o.id = any (case when p.role = 'organization_administrator' then array[p.organization_id] else p.node_ids end)) as nodes,
         (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'public_id', s.public_id, 'name', s.name) order by s.name, s.id), '[]')
            from data.stores s where s.id = any (p.store_ids)) as stores,
         cardinality((select private.my_store_ids())::integer[]) as store_count
    from data.user_profiles p
   where p.id = (select private.my_user_id());
comment on view api.my_profile is 'Who the user is: role, tenant, and what was opened to it. One row, or none for somebody without a profile.';

-- With the person's own rights: policies and triggers of user_profiles decide as they do for any other way to write.
create function api.change_my_profile(display_name text default null, timezone_preference text default null,
                                      email_notifications boolean default null) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
begin
  update data.user_profiles p
     set display_name = coalesce(change_my_profile.display_name, p.display_name),
         timezone_preference = coalesce(change_my_profile.timezone_preference, p.timezone_preference),
         email_notifications = coalesce(change_my_profile.email_notifications, p.email_notifications)
   where p.id = (select m.id from api.my_profile m);
  if not found then
    raise insufficient_privilege using message = 'the token''s subject has no active profile',
      hint = 'An administrator of the organization has to make one.';
  end if;
end $$;
comment on function api.change_my_profile(text, text, boolean) is 'Changes the caller''s own name, zone and wish for mail; what is left out stays';

revoke all on api.my_profile from public, anon, authenticated, lintel_gateway, lintel_hq;
revoke all on function api.change_my_profile(text, text, boolean) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.my_profile to authenticated;
grant execute on function api.change_my_profile(text, text, boolean) to authenticated;

notify pgrst, 'reload schema';
commit;
