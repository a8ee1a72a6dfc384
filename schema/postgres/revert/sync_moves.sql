-- Revert lintel:sync_moves from pg

begin;

drop function private.without_guarded(integer, smallint, private.reading[]);
drop function private.apply_moves(data.stores, smallint, jsonb, private.reading[]);

notify pgrst, 'reload schema';
commit;
