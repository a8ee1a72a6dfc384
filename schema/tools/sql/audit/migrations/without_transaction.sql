-- Scripts that could leave half of themselves behind, and those after which PostgREST goes on with the old schema.
select p.name as object,
       case when p.deploy is null then format('there is no deploy/%s.sql', p.name)
            when p.deploy !~* '(^|\n)\s*begin\s*;' or p.deploy !~* '(^|\n)\s*commit\s*;\s*$' then format('deploy/%s.sql is not between begin; and commit;: cut in between, half of it stays', p.name)
            else format('deploy/%s.sql does not end with notify pgrst, ''reload schema'': PostgREST answers 404 for what is new', p.name) end as evidence, null::bigint as bytes,
       'begin; … notify pgrst, ''reload schema''; commit;' as advice
  from planned p
 where p.deploy is null or p.deploy !~* '(^|\n)\s*begin\s*;' or p.deploy !~* '(^|\n)\s*commit\s*;\s*$' or p.deploy !~* 'notify\s+pgrst'
 order by p.position
