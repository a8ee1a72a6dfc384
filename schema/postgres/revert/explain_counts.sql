-- Revert lintel:explain_counts from pg

begin;

drop function api.explain_counts(uuid, timestamptz, timestamptz, text);
drop function private.explained_surroundings(integer, data.sensor_metadata, timestamptz, timestamptz, text);
drop function private.explained_readings(integer, integer, timestamptz, timestamptz, text, integer);
drop function private.explained_sums(integer, integer, timestamptz, timestamptz, text);
drop function private.flag_words(integer);

notify pgrst, 'reload schema';
commit;
