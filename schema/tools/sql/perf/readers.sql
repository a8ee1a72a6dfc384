-- Who asks: of the people there are, one who sees the most stores, one in the middle, one with the fewest.
with people as (
  select p.id, p.role, cardinality(private.stores_of(p)) as stores
    from data.user_profiles p
   where p.lifecycle = 'active' and p.deleted_at is null
     and p.id in ((select w.id from data.user_profiles w where w.role in ('organization_administrator', 'auditor') and w.lifecycle = 'active' and w.deleted_at is null
                    order by (select count(*) from data.stores s where s.organization_id = w.organization_id) desc, w.id limit 1)
                  union all (select o.id from data.user_profiles o where o.lifecycle = 'active' and o.deleted_at is null order by md5(o.id::text) limit 50))
), ranked as (
  select *, row_number() over (order by stores, id) as n, count(*) over () as many from people where stores > 0
)
select id, role, stores, case n when many then 'widest' when 1 then 'narrowest' else 'middle' end as reader
  from ranked where n in (1, (many + 1) / 2, many) order by n
