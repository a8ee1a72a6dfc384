-- What a change says it needs: planned before it, and said alike in plan and script.
select p.name as object, format('requires %s, which %s', r.name, case when q.name is null then 'is not in the plan' else 'is planned after it' end) as evidence, null::bigint as bytes,
       'Correct the order in sqitch.plan before anybody deploys it.' as advice
  from planned p
 cross join lateral unnest(p.requires) as r (name)
  left join planned q on q.name = r.name
 where q.position is null or q.position > p.position
union all
select p.name, format('deploy/%s.sql says it requires %s, sqitch.plan does not', p.name, m.words[1]), null, format('sqitch.plan: %s [… %s]', p.name, m.words[1])
  from planned p
 cross join lateral regexp_matches(p.deploy, '(?:^|\n)-- requires: ([\w-]+)', 'g') as m (words)
 where m.words[1] <> all (p.requires)
 order by 1
