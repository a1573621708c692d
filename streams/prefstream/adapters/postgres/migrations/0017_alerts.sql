-- Alerts as the log says them, and what people do about them.

create table alerts (
  alert_id text collate "C" primary key,
  -- The rule that raised it; alerts of the policy watch have none.
  rule text,
  slice text collate "C" not null,
  window_name text,
  statistic text not null,
  severity text not null,
  action text not null,
  detail text not null,
  runbook text,
  bound double precision,
  value double precision,
  low double precision,
  high double precision,
  n bigint,
  annotators jsonb not null,
  -- First raised, and last said: an alert that escalates is said again.
  raised_at timestamptz not null,
  said_at timestamptz not null,
  said_id uuid not null,
  escalations int not null
) with (fillfactor = 80);
create index alerts_recent on alerts (raised_at desc, alert_id);

-- A clearing may come before its alert, so it is remembered by itself.
create table alert_clearings (
  alert_id text collate "C" primary key,
  cleared_at timestamptz not null,
  cleared_id uuid not null,
  detail text not null
);

-- Somebody has it in hand; of several the first holds.
create table alert_acknowledgements (
  alert_id text collate "C" primary key,
  -- Null: somebody at the command line.
  by_whom text,
  why text not null,
  at timestamptz not null default now()
);

-- Alerts of a rule, a slice or both that nobody is to be told of for a while; rows are only ever ended.
create table alert_silences (
  n bigint generated always as identity primary key,
  rule text,
  slice text collate "C",
  until timestamptz not null,
  by_whom text,
  why text not null,
  at timestamptz not null default now(),
  ended_at timestamptz,
  check (rule is not null or slice is not null)
);

-- Where the rules that read gauges stand, so that a restart goes on and says nothing twice.
create table alert_standings (
  rule text collate "C" not null,
  slice text collate "C" not null,
  standing jsonb not null,
  primary key (rule, slice)
);
