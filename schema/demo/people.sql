-- For schema/run: the same query as three people.
\pset footer off
prepare figures as select s.name as store, sum(d.count_in) as entered, sum(d.count_out) as left from api.daily d join api.stores s on s.id = d.store_id
 where d.day >= current_date - 7 group by s.name order by s.name;
set role authenticated;
\echo The chief of Corner Bakery, last seven days:
select set_config('request.jwt.claims', json_build_object('sub', md5('chief Corner Bakery')::uuid)::text, false) \g /dev/null
execute figures;
\echo Ann, the same query:
select set_config('request.jwt.claims', json_build_object('sub', md5('staff')::uuid)::text, false) \g /dev/null
execute figures;
\echo Somebody nobody knows:
select set_config('request.jwt.claims', json_build_object('sub', gen_random_uuid())::text, false) \g /dev/null
execute figures;
