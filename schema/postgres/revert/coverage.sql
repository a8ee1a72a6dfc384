-- Revert lintel:coverage from pg

begin;

drop function private.put_coverage(integer, integer, boolean, text, tstzrange, text, smallint, bigint);
drop table private.coverage;

notify pgrst, 'reload schema';
commit;
