-- Deployed, and not in the plan: somebody deployed from elsewhere, or this program is older than the database.
select d.name as object, format('was deployed at %s and is not in sqitch.plan', to_char(d.committed_at, 'YYYY-MM-DD HH24:MI')) as evidence, null::bigint as bytes,
       'Use the lintel-hq and the scripts of the version that deployed it.' as advice
  from deployed d where not exists (select from planned p where p.name = d.name)
 order by d.position
