-- Gaps: planned, not deployed, though something after it is; or nothing at all. What only lies ahead is no fault.
select p.name as object,
       case when (select count(*) from deployed) = 0 then 'sqitch deployed nothing in this database'
            else format('is planned before %s, which is deployed, and is not itself', (select string_agg(q.name, ', ' order by q.position) from (select n.name, n.position from planned n join deployed d on d.name = n.name where n.position > p.position order by n.position limit 3) as q)) end as evidence,
       null::bigint as bytes, 'lintel-hq deploy' as advice
  from planned p
 where not exists (select from deployed d where d.name = p.name)
   and (exists (select from planned n join deployed d on d.name = n.name where n.position > p.position)
        or (select count(*) from deployed) = 0 and p.position = 1)
 order by p.position
