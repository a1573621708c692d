-- What the sink writes: the archive of the log, the current state read from it, and minute buckets.
-- docs/reference/tables.md says what every column means. Keys compare as bytes (collate "C"): faster, and
-- the same on every server.

create table archive (
  event_id uuid primary key,
  topic text collate "C" not null,
  partition int not null,
  log_offset bigint not null,
  ts timestamptz not null,
  occurred_at timestamptz,
  type text,
  subject text,
  key bytea,
  value bytea,
  headers bytea
);
-- Values are JSON of about a kilobyte: compressing them costs more than it saves.
alter table archive alter column value set storage external;
-- Rows come about in the order of their time, so a block range index finds a stretch at next to no cost.
create index archive_ts on archive using brin (ts) with (pages_per_range = 32, autosummarize = on);

create table dead_letters (
  stage text collate "C" not null,
  topic text collate "C" not null,
  partition int not null,
  log_offset bigint not null,
  reason text not null,
  detail text not null,
  attempt int not null,
  key bytea,
  value bytea,
  headers bytea,
  at timestamptz not null,
  primary key (stage, topic, partition, log_offset)
);

create table prompts (
  prompt_id text collate "C" primary key,
  submitted_at timestamptz,
  submitted_id uuid,
  decided_at timestamptz,
  decision_id uuid,
  decision text,
  slice text,
  stakes text,
  tags jsonb,
  stratum_weight double precision,
  constitution_id text,
  provenance text,
  reason text,
  clause text,
  status text not null generated always as (coalesce(decision, 'submitted')) stored
) with (fillfactor = 70);

-- One row per pair, updated several times in its life: no index but the key, and room on the page,
-- so that updates stay on it (HOT).
create table pairs (
  pair_id text collate "C" primary key,
  proposed_at timestamptz,
  proposed_id uuid,
  prompt_id text,
  group_id text,
  slice text,
  stakes text,
  strategy text,
  stratum_weight double precision,
  model_a text,
  model_b text,
  provenance text,
  judged_at timestamptz,
  judgement_id uuid,
  judge_label text,
  confidence double precision,
  p_a double precision,
  votes int,
  votes_without_verdict int,
  judge_id text,
  constitution_id text,
  judging_failure text,
  cost_nanousd bigint,
  routed_at timestamptz,
  route_id uuid,
  route text,
  audit boolean,
  reasons jsonb,
  policy_id text,
  threshold double precision,
  propensity double precision,
  overlap int,
  labels_needed int not null default 0,
  labels int not null default 0,
  review_disputes int not null default 0,
  adjudication_disputes int not null default 0,
  disputed_at timestamptz,
  dispute_id uuid,
  dispute_reason text,
  resolved_at timestamptz,
  resolution_id uuid,
  label text,
  margin int,
  soft_label double precision,
  method text,
  verdict_at timestamptz,
  verdict_resolution_id uuid,
  failed_checks int,
  verdict_id uuid,
  rejection_reasons jsonb,
  status text generated always as (
    case
      when verdict_id is not null and (resolution_id is null or verdict_at > resolved_at
        or (verdict_at = resolved_at and verdict_resolution_id >= resolution_id))
        then case when failed_checks > 0 then 'rejected' else 'validated' end
      when resolution_id is not null then 'resolved'
      when dispute_id is not null then 'disputed'
      when labels_needed > 0 then 'escalated'
      when judgement_id is not null then 'judged'
      when proposed_id is not null then 'proposed'
    end
  ) stored
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

create table labels (
  event_id uuid primary key,
  pair_id text collate "C" not null,
  slice text,
  annotator text not null,
  verdict text not null,
  round text collate "C" not null,
  occurred_at timestamptz not null,
  seconds double precision,
  sides text not null,
  dimensions jsonb not null,
  clauses jsonb not null,
  rationale text not null,
  task_id text,
  provenance text not null
);
create index labels_pair on labels (pair_id);

create table tasks (
  pair_id text collate "C" not null,
  round text collate "C" not null,
  slice text collate "C" not null,
  needed int not null,
  have int not null,
  open boolean not null,
  primary key (pair_id, round)
) with (fillfactor = 70);
create index tasks_open on tasks (slice, round) where open;

create table agreement_cells (
  slice text collate "C" not null,
  minute int not null,
  kind text collate "C" not null,
  unit_size int not null,
  annotator_i text collate "C" not null,
  annotator_j text collate "C" not null,
  category_i text collate "C" not null,
  category_j text collate "C" not null,
  n bigint not null,
  primary key (slice, minute, kind, unit_size, annotator_i, annotator_j, category_i, category_j)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

create table funnel_buckets (
  slice text collate "C" not null,
  minute int not null,
  counter text collate "C" not null,
  n bigint not null,
  primary key (slice, minute, counter)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

create table slice_metrics (
  slice text collate "C" not null,
  window_name text not null,
  statistic text not null,
  subject text not null,
  value double precision,
  low double precision,
  high double precision,
  standard_error double precision,
  reason text,
  n bigint not null,
  as_of timestamptz not null,
  primary key (slice, window_name, statistic, subject)
) with (fillfactor = 50);
