-- Evidence: one Merkle tree (RFC 9162) per topic and partition over what is archived, in the order of offsets.

-- How far each tree has grown: its size, and the roots of its full subtrees, largest first, 32 bytes each.
create table evidence_heads (
  topic text collate "C" not null,
  partition int not null,
  size bigint not null,
  frontier bytea not null,
  primary key (topic, partition)
) with (fillfactor = 50);

-- The leaves, by batches of the sink: offset (8 bytes, big-endian), event id (16) and hash (32) of each.
create table evidence_runs (
  topic text collate "C" not null,
  partition int not null,
  first_leaf bigint not null,
  first_offset bigint not null,
  offsets bytea not null,
  event_ids bytea not null,
  leaves bytea not null,
  primary key (topic, partition, first_leaf)
);
alter table evidence_runs alter column leaves set storage external;
alter table evidence_runs alter column event_ids set storage external;
-- Not unique: a topic that was made anew begins at 0 again, and the tree goes on.
create index evidence_runs_offset on evidence_runs (topic, partition, first_offset);

-- Roots of full subtrees of 2^8, 2^16, ... leaves, so that a proof need not reckon all leaves again.
create table evidence_subtrees (
  topic text collate "C" not null,
  partition int not null,
  level int not null,
  index bigint not null,
  root bytea not null,
  primary key (topic, partition, level, index)
);

-- Signed checkpoints, each a signed note.
create table evidence_checkpoints (
  n bigint generated always as identity primary key,
  at timestamptz not null,
  root bytea not null,
  note text not null
);
