-- Verify lintel:tree on pg

begin;

select organization_id, id, public_id, parent_id, name, level, level_name, depth, path, path_names, path_level_names, lifecycle
  from api.tree where false;
do $$
begin
  assert private.level_name('{}', 5::smallint) = 'workspace', 'levels have no names';
end $$;

rollback;
