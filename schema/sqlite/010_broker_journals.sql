-- How far a link is in the journal that its broker keeps (firmware-bridge/links/journal_progress.hpp).
create table broker_journals (
  link             text primary key,
  journal          integer not null,  -- which one; 0: none was seen yet
  next_segment     integer not null,  -- everything before is taken, or was left to the network
  next_offset      integer not null,
  gap_from_segment integer not null,  -- what stands in [gap_from, gap_to) comes over the network
  gap_from_offset  integer not null,
  gap_to_segment   integer not null,
  gap_to_offset    integer not null
) strict, without rowid;
