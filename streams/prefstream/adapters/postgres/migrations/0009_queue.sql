-- Tasks lent to people, what they answered, and what is on its way to the log.

create sequence lease_fences;

create table leases (
  lease_id uuid primary key,
  -- The task: the pair (or the task of another kind) and the round.
  pair_id text collate "C" not null,
  round text collate "C" not null,
  slice text collate "C" not null,
  person_id text collate "C" not null references people,
  -- What it is for; the person is not told.
  purpose text not null check (purpose in ('work', 'gold', 'calibration')),
  fence bigint not null default nextval('lease_fences'),
  -- "ab": A stands on the left.
  sides text not null check (sides in ('ab', 'ba')),
  leased_at timestamptz not null,
  expires_at timestamptz not null,
  shown_at timestamptz,
  draft jsonb,
  drafted_at timestamptz,
  -- Null while it is held; it also ends, unsaid, when expires_at is past.
  ended_at timestamptz,
  ending text check (ending in ('submitted', 'released', 'expired', 'undone'))
) with (fillfactor = 70);
create index leases_task on leases (pair_id, round);
create index leases_person on leases (person_id, leased_at);

create table submissions (
  -- Also the id of the event that says it.
  submission_id uuid primary key,
  lease_id uuid not null references leases,
  pair_id text collate "C" not null,
  round text collate "C" not null,
  slice text collate "C" not null,
  person_id text collate "C" not null references people,
  purpose text not null,
  -- The answer as it was given, and its hash: the same again is answered the same.
  answer jsonb not null,
  answer_hash bytea not null,
  submitted_at timestamptz not null,
  undo_until timestamptz not null,
  undone_at timestamptz
);
create unique index submissions_lease on submissions (lease_id) where undone_at is null;
create index submissions_pair on submissions (pair_id, person_id) where undone_at is null;
create index submissions_person on submissions (person_id, submitted_at);

-- Records that were decided together with their rows and still have to reach the log.
create table outbox (
  n bigint generated always as identity primary key,
  event_id uuid not null unique,
  topic text collate "C" not null,
  key bytea not null,
  value bytea not null,
  headers bytea not null,
  -- Held back until then, so that it can be undone.
  not_before timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02);
create index outbox_due on outbox (not_before, n);
