-- "create … if not exists" in a script that runs once: what is there already, made by somebody else and other than the
-- script says, passes for the right thing.
select p.name as object, format('says: %s', trim(regexp_replace(m.words[1], '\s+', ' ', 'g'))) as evidence, null::bigint as bytes,
       'Leave out "if not exists"; or, where the script is meant to be repeated, say so in a line of its own: -- Repeatable' as advice
  from planned p
 cross join lateral regexp_matches(regexp_replace(p.deploy, '--[^\n]*', '', 'g'), '(?:^|\n)\s*((?:create\s+[\w ]+?|alter\s+table\s+\S+\s+add\s+column)\s+if\s+not\s+exists\s+[\w."]+)', 'gi') as m (words)
 where p.deploy !~* '(^|\n)--\s*repeatable\.?\s*(\n|$)'
 order by p.position
