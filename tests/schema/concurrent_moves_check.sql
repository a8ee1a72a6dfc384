-- What concurrent_moves.sql must have led to: a tree. Needs lintel.root.
do $$
declare
  root  bigint := current_setting('lintel.root');
  wrong record;
  nodes integer;
begin
  with recursive down as (
    select id, id::text as path, 1 as depth from data.organizations where id = root
    union all
    select c.id, d.path || '.' || c.id, d.depth + 1 from down d join data.organizations c on c.parent_id = d.id where d.depth < 20
  )
  select count(*) into nodes from down;
  if nodes <> (select count(*) from data.organizations where organization_id = root) then
    raise exception 'of % nodes only % can be reached from the root', (select count(*) from data.organizations where organization_id = root), nodes;
  end if;
  select o.id, o.path::text, p.path::text as parent into wrong
    from data.organizations o join data.organizations p on p.id = o.parent_id
   where o.organization_id = root and o.path::text <> p.path::text || '.' || o.id limit 1;
  if found then
    raise exception 'a path is wrong: %', wrong;
  end if;
  raise notice '% nodes, still a tree', nodes;
end $$;
