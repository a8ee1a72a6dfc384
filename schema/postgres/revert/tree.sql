-- Revert lintel:tree from pg

begin;

drop view api.tree;
drop trigger organizations_level_names on data.organizations;
drop trigger organizations_moves on data.organizations;
drop function private.level_name(jsonb, smallint);
drop function private.check_level_names();
drop function private.level_names_complaint(jsonb);
drop function private.one_move_at_a_time();

notify pgrst, 'reload schema';
commit;
