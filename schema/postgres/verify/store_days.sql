-- Verify lintel:store_days on pg

begin;

do $$
declare
  moved jsonb := private.calendar_from(private.calendar_of('UTC', 0), '2026-03-10', 'Asia/Tokyo', 0);
begin
  assert private.store_day('2026-03-29 00:30+01', 'Europe/Berlin', 60) = '2026-03-28', 'a day starts at the wrong minute';
  assert private.store_day(moved, '2026-03-09 14:59:59Z') = '2026-03-09', 'a calendar changes too early';
  assert private.store_day(moved, '2026-03-09 15:00Z') = '2026-03-10', 'a calendar changes too late';
  assert private.calendar_complaint(moved) is null, 'a calendar is refused';
end $$;
select 1 / count(*) from pg_trigger where tgname = 'stores_timezone_kept';

rollback;
