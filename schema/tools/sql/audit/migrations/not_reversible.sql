-- Changes that cannot be taken back: no revert script, or one that does nothing.
select p.name as object, case when p.revert is null then format('there is no revert/%s.sql', p.name) else format('revert/%s.sql takes nothing back', p.name) end as evidence, null::bigint as bytes,
       'Write a script that leaves what was there before; tests/schema/run_changes proves it.' as advice
  from planned p
 where p.revert is null
    or regexp_replace(p.revert, '(--[^\n]*|/\*.*?\*/)', '', 'g') !~* '\m(drop|alter|create|delete|update|insert|revoke|grant|truncate)\M'
    or regexp_replace(p.revert, '(--[^\n]*|/\*.*?\*/)', '', 'g') ~* 'raise\s+exception[^;]*(irreversible|cannot be reverted)'
 order by p.position
