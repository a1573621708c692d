-- What those who watch see now: the latest event of each slice and window and of each alert. A version tells
-- what somebody has seen. Versions are given under a lock that is held until the commit, so who has seen one
-- has seen all before it.

create sequence live_versions;

create table live_states (
  type text collate "C" not null,
  subject text collate "C" not null,
  window_name text collate "C" not null,
  version bigint not null,
  occurred_at timestamptz not null,
  over boolean not null,
  event bytea not null,
  primary key (type, subject, window_name)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, toast_tuple_target = 128);
-- Events stand apart from their rows: who looks for what is new reads short rows alone.
alter table live_states alter column event set storage external;
