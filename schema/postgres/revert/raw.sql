-- Revert lintel:raw from pg

begin;

drop table data.regional_counting_raw;
drop table data.people_counting_raw;

notify pgrst, 'reload schema';
commit;
