-- Revert lintel:sync_slots from pg

begin;

drop function private.with_slots(integer, private.reading[]);

notify pgrst, 'reload schema';
commit;
