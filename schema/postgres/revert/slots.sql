-- Revert lintel:slots from pg

begin;

drop function private.slots_of_bucket(integer, integer, text, text);
drop table private.slots;

notify pgrst, 'reload schema';
commit;
