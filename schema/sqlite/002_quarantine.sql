-- What a frame in quarantine needs to be decoded again, and to be counted no more than once.
alter table quarantine add column retained integer not null default 0;
alter table quarantine add column removed integer not null default 0;  -- parts replaced by a marker
alter table quarantine add column counted text not null default '[]';  -- JSON: marks of the observations in it that were counted
create index quarantine_by_source on quarantine (link, topic, id);
