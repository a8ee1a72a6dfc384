-- By which rules HQ judges readings (schema/SYNC.md, "schema"); other rules may take what it has refused.
alter table sync_state add column hq_schema text not null default '';
-- When what HQ has refused was last owed to it once more.
alter table sync_state add column refused_retried_at integer;
