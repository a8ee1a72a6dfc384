-- HQ judges these kinds itself, from liveness and counts: a gateway that reported them would tell them twice.
create view alerts_for_hq as
  select * from alerts
   where kind not in ('sensor_offline', 'zero_while_open', 'no_people', 'capacity', 'data_error_rate', 'clock', 'gateway_silent');

-- Alerts whose last change HQ has not taken yet. A row that is changed once more has a higher revision.
create table owed_alerts (
  revision integer primary key autoincrement,
  alert_id integer not null unique references alerts (id) on delete cascade
) strict;
create trigger alerts_owed after insert on alerts begin
  insert or replace into owed_alerts (alert_id) select id from alerts_for_hq where id = new.id;
end;
create trigger alerts_owed_again after update of severity, state, message, resolved_at on alerts begin
  insert or replace into owed_alerts (alert_id) select id from alerts_for_hq where id = new.id;
end;
insert into owed_alerts (alert_id) select id from alerts_for_hq order by id;

alter table sync_state add column alerts_refused text;  -- what HQ would not take of the alerts it was told last
