-- What sqitch says is deployed, or nothing where it never ran here.
do $$
begin
  if to_regclass('sqitch.changes') is not null then
    create temporary table deployed as
      select row_number() over (order by c.committed_at) as position, c.change as name, c.script_hash, c.committed_at from sqitch.changes c where c.project = 'lintel';
  else
    create temporary table deployed (position bigint, name text, script_hash text, committed_at timestamptz);
  end if;
end $$
