-- Revert lintel:rollups from pg

begin;

drop function private.recompute_days(data.stores, private.bucket[]);
drop function private.recompute_hours(data.stores, private.bucket[]);
drop function private.bucket_of(data.stores, integer, text, text, timestamptz, bigint);
drop type private.bucket;
drop view private.countings;
drop function private.last_instant(timestamptz, bigint);

notify pgrst, 'reload schema';
commit;
