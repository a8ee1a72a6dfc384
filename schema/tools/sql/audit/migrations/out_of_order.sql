-- Deployed in another order than planned: what a later change made was there when this one ran, or was not.
select p.name as object, format('was deployed before %s, which is planned before it', before.name) as evidence, null::bigint as bytes,
       'Compare a fresh database with this one (pg_dump --schema-only). If they are the same, nothing is to be done.' as advice
  from planned p
  join deployed d on d.name = p.name
 cross join lateral (select q.name from planned q join deployed e on e.name = q.name where q.position < p.position and e.position > d.position order by q.position limit 1) as before
 order by p.position
