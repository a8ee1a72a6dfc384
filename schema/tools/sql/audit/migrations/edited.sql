-- Scripts that say something else than when they were deployed: a new database is not what this one is.
select p.name as object, format('deploy/%s.sql was edited after %s, when it was deployed here', p.name, to_char(d.committed_at, 'YYYY-MM-DD HH24:MI')) as evidence, null::bigint as bytes,
       'Put the script back and say the change in a new one, or rework it (sqitch rework).' as advice
  from planned p
  join deployed d on d.name = p.name
 where p.deploy is not null and d.script_hash <> encode(extensions.digest(convert_to(p.deploy, 'UTF8'), 'sha1'), 'hex')
 order by p.position
