-- Revert lintel:sync_readings from pg

begin;

drop function private.apply_readings(data.stores, smallint, jsonb, private.reading[]);
drop function private.lack_slots(private.reading[]);
drop function private.add_readings(data.stores, smallint, private.reading[]);
drop function private.add_passage(data.stores, smallint, private.reading);
drop function private.correct_regional(data.stores, smallint, private.reading[]);
drop function private.correct_people(data.stores, smallint, private.reading[]);
drop function private.add_regional(data.stores, smallint, private.reading[]);
drop function private.days_of_readings(data.stores, private.reading[]);
drop function private.add_people(data.stores, smallint, private.reading[]);

notify pgrst, 'reload schema';
commit;
