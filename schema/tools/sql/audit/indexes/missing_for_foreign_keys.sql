-- Deleting or re-keying what is referred to looks for the referring rows. With --min-rows 0 tables that are empty as yet are looked at too. A constraint whose comment begins with
-- "no index:" has said why it needs none. Ids are unique over all tenants, so an index that begins with any of the
-- columns but the tenant's will do; one with a condition leaves rows unfound. Left out is what leads to tenants and people: they leave by private.erase_organization
-- and private.erase_user, which go through every table anyway.
select format('%s.%s', f.conrelid::regclass, f.conname) as object,
       format('no index begins with (%s); a delete from %s reads all %s rows (on delete %s)',
              (select string_agg(a.attname, ', ' order by k.n) from unnest(f.conkey) with ordinality as k (attnum, n) join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum),
              f.confrelid::regclass, c.reltuples::bigint,
              case f.confdeltype when 'c' then 'cascade' when 'n' then 'set null' when 'r' then 'restrict' when 'd' then 'set default' else 'no action' end) as evidence,
       pg_total_relation_size(f.conrelid) as bytes,
       format('create index concurrently on %s (%s); or, where such deletes are rare: comment on constraint %I on %s is ''no index: why'';', f.conrelid::regclass,
              (select string_agg(quote_ident(a.attname), ', ' order by k.n) from unnest(f.conkey) with ordinality as k (attnum, n) join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum),
              f.conname, f.conrelid::regclass) as advice
  from pg_constraint f
  join pg_class c on c.oid = f.conrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('data', 'private')
 where f.contype = 'f' and f.conparentid = 0 and not c.relispartition
   and greatest(c.reltuples, 0) >= current_setting('lintel.min_rows')::bigint
   and coalesce(obj_description(f.oid, 'pg_constraint'), '') not like 'no index: %'
   and f.confrelid not in ('data.organizations'::regclass, 'data.user_profiles'::regclass)
   and not exists (select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                    where i.indrelid = f.conrelid and i.indisvalid and i.indpred is null and i.indkey[0] = any (f.conkey)
                      and (cardinality(f.conkey) = 1 or a.attname <> 'organization_id' or i.indkey[1] = any (f.conkey)))
 order by c.reltuples desc, 1
