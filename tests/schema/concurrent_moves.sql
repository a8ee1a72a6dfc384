-- One of several sessions that move nodes of one tree towards each other at once. Needs lintel.root (the tenant) and
-- lintel.session. A move that would make a cycle or disorder is refused; nothing else may go wrong.
do $$
declare
  root    bigint := current_setting('lintel.root');
  moved   integer := 0;
  refused integer := 0;
begin
  perform setseed(current_setting('lintel.session')::integer / 100.0);
  for n in 1 .. 150 loop
    begin
      update data.organizations o
         set parent_id = (select p.id from data.organizations p where p.organization_id = root and p.level = 5 order by random() limit 1)
       where o.id = (select m.id from data.organizations m where m.organization_id = root and m.parent_id is not null order by random() limit 1);
      moved := moved + 1;
    exception when check_violation then
      refused := refused + 1;
    end;
    commit;
  end loop;
  raise notice 'session %: % moves, % refused', current_setting('lintel.session'), moved, refused;
end $$;
