-- Scripts that promise to be repeatable ("-- Repeatable" in a line of its own) and are not.
select p.name as object, format('promises to be repeatable, but: %s', trim(regexp_replace(m.words[1], '\s+', ' ', 'g'))) as evidence, null::bigint as bytes,
       'create or replace …, … if not exists, drop … if exists, insert … on conflict; or take the promise back.' as advice
  from planned p
 cross join lateral regexp_matches(regexp_replace(p.deploy, '--[^\n]*', '', 'g'),
   '(?:^|;|\n)\s*(create\s+(?!or\s+replace)(?:unique\s+|unlogged\s+)?(?:table|index|schema|sequence|extension|materialized\s+view|view|function|procedure|trigger|policy|type)\s+(?!if\s+not\s+exists|concurrently\s+if\s+not\s+exists)[\w."]+|drop\s+\w+\s+(?!if\s+exists)[\w."]+|alter\s+table\s+[\w."]+\s+add\s+(?:column\s+)?(?!if\s+not\s+exists|column\M|constraint\M)\w+)', 'gi') as m (words)
 where p.deploy ~* '(^|\n)--\s*repeatable\.?\s*(\n|$)'
 order by p.position
