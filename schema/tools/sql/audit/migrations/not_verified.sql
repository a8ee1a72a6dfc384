-- Changes that nobody looks at after they were deployed: no verify script, or one that asks nothing.
select p.name as object, case when p.verify is null then format('there is no verify/%s.sql', p.name) else format('verify/%s.sql asks nothing', p.name) end as evidence, null::bigint as bytes,
       'Write a script that fails where the change is missing: select … from the new column where false; select has_…_privilege(…); 1/0.' as advice
  from planned p
 where p.verify is null or regexp_replace(p.verify, '(--[^\n]*|/\*.*?\*/)', '', 'g') !~* '\m(select|do|perform|call|table)\M'
 order by p.position
