-- Deploy lintel:tree to pg
-- requires: administration

begin;
set local role lintel_owner;

-- Moves come one after the other: this lock is taken before any row is, so two of them can neither make a cycle nor
-- wait for each other. They are rare, and short.
create function private.one_move_at_a_time() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtext('lintel.organizations'));
  return null;
end $$;
comment on function private.one_move_at_a_time() is 'Trigger: changes of the tree''s shape happen one after the other';
create trigger organizations_moves before update of parent_id, level on data.organizations
  for each statement execute function private.one_move_at_a_time();

create function private.level_names_complaint(names jsonb) returns text
language sql immutable
return case
  when jsonb_typeof(names) <> 'array' or jsonb_array_length(names) <> 5 then 'level_names must be an array of five names, from the top down'
  when exists (select from jsonb_array_elements(names) as n
                where jsonb_typeof(n) <> 'string' or n #>> '{}' !~ '^[^[:cntrl:]]{1,50}$') then 'a level''s name is a text of 1 to 50 characters'
  when (select count(distinct lower(n)) from jsonb_array_elements_text(names) as n) < 5 then 'two levels have the same name'
end;
comment on function private.level_names_complaint(jsonb) is 'Why level names cannot be used; null when they can';

create function private.check_level_names() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  complaint text := case when new.parent_id is not null then 'only the root of a tree names its levels'
                         else private.level_names_complaint(new.settings -> 'level_names') end;
begin
  if complaint is not null then
    raise check_violation using message = format('settings of organization %s: %s', new.id, complaint),
      hint = 'For example {"level_names": ["organization", "project", "production", "activation", "workspace"]} at the root.';
  end if;
  return new;
end $$;
comment on function private.check_level_names() is 'Trigger: settings.level_names are five names, at the root only';
create trigger organizations_level_names before insert or update of settings, parent_id on data.organizations
  for each row when (new.settings ? 'level_names') execute function private.check_level_names();

create function private.level_name(root_settings jsonb, level smallint) returns text
language sql immutable
return coalesce(root_settings -> 'level_names',
                '["organization", "project", "production", "activation", "workspace"]') ->> (level - 1);
comment on function private.level_name(jsonb, smallint) is 'What the tenant calls a level of its tree';

-- Runs as its owner, since a person who stands at a node does not see what is above it, but should know where it hangs.
-- A barrier: no condition of a reader is asked about a node before it was found to be the reader's.
create view api.tree with (security_barrier = true) as
  select n.organization_id, n.id, n.public_id, n.parent_id, n.name, n.level, private.level_name(r.settings, n.level) as level_name,
         extensions.nlevel(n.path) as depth, n.path::text as path, w.names as path_names, w.level_names as path_level_names,
         n.lifecycle
    from data.organizations n
    join data.organizations r on r.id = n.organization_id
   cross join lateral (
     select array_agg(a.name order by extensions.nlevel(a.path)) as names,
            array_agg(private.level_name(r.settings, a.level) order by extensions.nlevel(a.path)) as level_names
       from data.organizations a where a.id = any (string_to_array(n.path::text, '.')::bigint[])) as w
   where n.deleted_at is null and n.id = any ((select private.readable_node_ids())::bigint[]);
comment on view api.tree is
  'Nodes the user sees, with the names of their level and of the way down to them. Of the nodes above only the names are shown.';

revoke all on function private.one_move_at_a_time(), private.level_names_complaint(jsonb), private.check_level_names(),
  private.level_name(jsonb, smallint) from public, anon, authenticated, lintel_gateway, lintel_hq;
grant execute on function private.level_name(jsonb, smallint) to authenticated, lintel_hq;
revoke all on api.tree from public, anon, authenticated, lintel_gateway, lintel_hq;
grant select on api.tree to authenticated, lintel_hq;

notify pgrst, 'reload schema';
commit;
