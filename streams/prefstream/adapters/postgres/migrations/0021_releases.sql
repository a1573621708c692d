-- Releases as they were said, and which pairs each holds.

create table releases (
  release_id text collate "C" primary key,
  name text,
  version text,
  plan_id text,
  plan jsonb,
  -- Next offset by topic and partition.
  position jsonb,
  -- Rows by configuration.
  rows jsonb,
  pairs bigint,
  -- SHA-256 by path.
  files jsonb,
  gates jsonb,
  overrides jsonb,
  cut_by text,
  cut_at timestamptz,
  -- The event that said it; null: only its withdrawal is known yet.
  cut_id uuid,
  withdrawn_at timestamptz,
  withdrawn_by text,
  withdrawn_reason text,
  withdrawn_id uuid
);
create index releases_name on releases (name, cut_at);

-- Written by whoever cut the release, for an event would be too large; the release's lineage says the same.
create table release_rows (
  release_id text collate "C" not null,
  row_id text collate "C" not null,
  -- The pair, or the task where the row is of none.
  pair_id text collate "C" not null,
  config text not null,
  split text not null,
  primary key (release_id, row_id, pair_id)
);
create index release_rows_pair on release_rows (pair_id);
