-- Deploy lintel:updates to pg
-- requires: stores
-- settings.updates of nodes and stores: which version of the whole system the gateways there are to run.
--   {"version": "2.1", "bundle": "https://updates.example/{board}-2.1.raucb", "share": 25}
-- {board} becomes the gateway's kind of board. Of a hundred gateways that share takes it, each by a number of its own, so
-- who is in stays in when it grows. What is nearer to the store wins, key by key: {"share": 100} at a node makes its stores the first.
-- It comes to nothing until all three are said. Gateways check the bundle's signature, so this says what they fetch, not what they trust.

begin;
set local role lintel_owner;

create function private.updates_complaint(updates jsonb) returns text
language plpgsql immutable as $$
declare
  unknown text;
begin
  if jsonb_typeof(updates) <> 'object' then
    return 'is no object of version, bundle and share';
  end if;
  select k into unknown from jsonb_object_keys(updates - '{version,bundle,share}'::text[]) as k order by k limit 1;
  if found then
    return format('%s: is not one of version, bundle and share', unknown);
  elsif updates ? 'version' and (jsonb_typeof(updates -> 'version') <> 'string' or updates ->> 'version' !~ '^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,63}$') then
    return 'version: needs a text of up to 64 letters, digits and . + ~ _ -';
  elsif updates ? 'bundle' and (jsonb_typeof(updates -> 'bundle') <> 'string' or updates ->> 'bundle' !~ '^https?://[!#-&(-~]+$'
                                 or length(updates ->> 'bundle') > 400) then
    return 'bundle: needs an address, http:// or https://, of at most 400 characters without spaces and quotes';
  elsif updates ? 'share' and (jsonb_typeof(updates -> 'share') <> 'number' or updates ->> 'share' !~ '^([0-9]{1,2}|100)$') then
    return 'share: needs a whole number from 0 to 100';
  end if;
  return null;
end $$;
comment on function private.updates_complaint(jsonb) is 'Why what is said of updates cannot be understood; null when it can';

create function private.check_updates() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  complaint text := private.updates_complaint(new.settings -> 'updates');
begin
  if complaint is not null then
    raise check_violation using message = format('updates of %s %s: %s', tg_argv[0], new.public_id, complaint),
      hint = 'For example {"version": "2.1", "bundle": "https://updates.example/{board}-2.1.raucb", "share": 25}.';
  end if;
  return new;
end $$;
comment on function private.check_updates() is 'Trigger: refuses updates that no gateway could follow; the argument says what the row is';

create trigger stores_updates before insert or update of settings on data.stores
  for each row when (new.settings ? 'updates') execute function private.check_updates('store');
create trigger organizations_updates before insert or update of settings on data.organizations
  for each row when (new.settings ? 'updates') execute function private.check_updates('organization');

create function private.updates(settings jsonb, node bigint) returns jsonb
language plpgsql stable as $$
declare
  nodes constant bigint[] := string_to_array((select o.path from data.organizations o where o.id = node)::text, '.')::bigint[];
  given jsonb;
  whole jsonb := '{}';
begin
  for given in select o.settings -> 'updates' from data.organizations o
                where o.id = any (nodes) and o.settings ? 'updates' order by array_position(nodes, o.id) loop
    whole := whole || given;
  end loop;
  whole := whole || coalesce(settings -> 'updates', '{}');
  return case when whole ?& '{version,bundle,share}' then whole end;
end $$;
comment on function private.updates(jsonb, bigint) is 'Which version gateways of a store with these settings at this node are to run; null until all of it is said';

revoke all on function private.updates_complaint(jsonb), private.check_updates(), private.updates(jsonb, bigint)
  from public, anon, authenticated, lintel_gateway, lintel_hq;

notify pgrst, 'reload schema';
commit;
