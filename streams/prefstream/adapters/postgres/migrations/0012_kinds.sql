-- Rankings, ratings, demonstrations and safety labels: tasks like those of pairs, `round` says the kind.

-- The event that proposed a task which is no pair; null for pairs, and until it is known.
alter table tasks add column proposed_id uuid;

-- Who answered which task; what was said is in the archive.
create table task_answers (
  event_id uuid primary key,
  task_id text collate "C" not null,
  kind text collate "C" not null,
  slice text collate "C" not null,
  annotator text collate "C" not null,
  occurred_at timestamptz not null,
  seconds double precision,
  provenance text not null
);
create index task_answers_task on task_answers (task_id, kind, annotator);
create index task_answers_kind on task_answers (kind, occurred_at, event_id);
