-- Whose rows a partition holds ($1), and whether they are in an archive already. Rows of no tenant are named as such.
select c.organization_id as id, o.public_id, o.name, c.rows,
       (select a.namespace from private.archives a where a.partition_name = $1 and a.organization_id = c.organization_id) as archived
  from (select (xpath('/row/id/text()', x))[1]::text::bigint as organization_id, (xpath('/row/n/text()', x))[1]::text::bigint as rows
          from private.partition_bounds b
         cross join lateral unnest(xpath('//row', query_to_xml(
           case when b.table_name = 'audit_log' then format('select r.organization_id as id, count(*) as n from partitions.%I r group by 1', b.partition_name)
                else format('select s.organization_id as id, count(*) as n from partitions.%I r left join data.stores s on s.id = r.store_id group by 1', b.partition_name) end,
           false, false, ''))) as x
         where b.partition_name = $1) as c
  left join data.organizations o on o.id = c.organization_id and o.parent_id is null
 order by c.organization_id
