-- Gold questions, calibration sets, how reliable people are, and what was done about it.

-- The secret by which gold questions are drawn where the settings name none; one row, made once.
create table quality_seed (
  only_one boolean primary key default true check (only_one),
  seed text not null
);

-- A pair that was ever a gold question stays here: people were asked it with a known answer, so it never
-- enters a release, retired or not.
create table gold_items (
  pair_id text collate "C" primary key,
  slice text collate "C" not null,
  expected text not null,
  -- What people are told where they are told whether they were right.
  why text not null,
  clauses jsonb not null,
  active boolean not null,
  added_by text not null,
  added_at timestamptz not null,
  retired_by text,
  retired_at timestamptz
);
create index gold_items_active on gold_items (slice) where active;

create table gold_answers (
  -- Also the id of the event and of the submission.
  event_id uuid primary key,
  person_id text collate "C" not null,
  pair_id text collate "C" not null,
  slice text collate "C" not null,
  verdict text not null,
  expected text not null,
  correct boolean not null,
  sides text not null,
  seconds double precision,
  -- The person was told what is right: it teaches, and does not count in the test.
  training boolean not null,
  told boolean not null,
  answered_at timestamptz not null,
  undone_at timestamptz,
  provenance text not null,
  changed xid8 not null default pg_current_xact_id()
);
create index gold_answers_person on gold_answers (person_id, answered_at, event_id);
create unique index gold_answers_once on gold_answers (person_id, pair_id) where undone_at is null and not training;

-- One ISO week's set, drawn once; what it was drawn from may change, the set does not.
create table calibration_sets (
  week text collate "C" primary key,
  drawn_at timestamptz not null,
  earlier text
);
create table calibration_items (
  week text collate "C" not null references calibration_sets,
  pair_id text collate "C" not null,
  slice text collate "C" not null,
  expected text not null,
  anchor boolean not null,
  primary key (week, pair_id)
);
-- By people, and by the judges whose verdicts stood when the set was drawn.
create table calibration_answers (
  week text collate "C" not null,
  annotator text collate "C" not null,
  pair_id text collate "C" not null,
  event_id uuid not null unique,
  verdict text not null,
  correct boolean not null,
  judge boolean not null,
  seconds double precision,
  answered_at timestamptz not null,
  undone_at timestamptz,
  provenance text not null,
  primary key (week, annotator, pair_id)
);

-- What the service of tasks has to remember of a person.
create table annotator_states (
  person_id text collate "C" primary key,
  -- Tasks served, gold or not: the place in the sequence of coins.
  turns bigint not null default 0,
  -- Training questions still to be answered rightly before work goes on.
  training_left int not null default 0,
  -- Gold answers before this do not count in the test any more.
  test_since timestamptz,
  -- Work without a pause: its beginning and its last answer.
  spell_began_at timestamptz,
  last_answer_at timestamptz,
  -- Slices of the last tasks, the latest last.
  stretch text[] not null default '{}'
) with (fillfactor = 70);

-- What was done about people, and by whom; rows are only ever added.
create table annotator_actions (
  n bigint generated always as identity primary key,
  event_id uuid not null unique,
  person_id text collate "C" not null,
  action text not null check (action in ('warn', 'pause', 'resume', 'retrain', 'withdraw')),
  why text not null,
  by_whom text not null,
  at timestamptz not null,
  until timestamptz,
  labels int not null default 0,
  -- What it answers, so that one finding is answered once; null: nothing that was found.
  cause text,
  -- A warning: when it was shown, and when the person went on after it.
  shown_at timestamptz,
  seen_at timestamptz
);
create index annotator_actions_person on annotator_actions (person_id, n);
create unique index annotator_actions_rule on annotator_actions (person_id, action, cause) where by_whom = 'rule';
create index annotator_actions_unseen on annotator_actions (person_id) where action = 'warn' and seen_at is null;

-- How people work, as of their last labels.
create table annotator_habits (
  person_id text collate "C" primary key,
  labels int not null,
  findings jsonb not null,
  worked_s double precision not null,
  last_label_at timestamptz not null
);

-- Dawid and Skene's model of each slice: what is likely before anybody looked, and how people err.
create table reliability_slices (
  slice text collate "C" primary key,
  classes jsonb not null,
  shares jsonb not null,
  strangers jsonb not null,
  labels bigint not null,
  fingerprint text not null,
  -- The latest label it rests on.
  as_of timestamptz not null,
  provenance text not null,
  published text,
  published_labels bigint
);
create table reliability (
  slice text collate "C" not null references reliability_slices on delete cascade,
  annotator text collate "C" not null,
  accuracy double precision not null,
  confusion jsonb not null,
  labels bigint not null,
  primary key (slice, annotator)
);

-- Who follows the labels reads those whose transaction may not have been over at the last look. A label
-- gets its slice or is withdrawn later; then it counts as new.
alter table labels add column changed xid8 not null default pg_current_xact_id();
create function mark_changed() returns trigger language plpgsql as $$
begin
  new.changed := pg_current_xact_id();
  return new;
end $$;
create trigger labels_changed before update on labels for each row execute function mark_changed();
create trigger gold_answers_changed before update on gold_answers for each row execute function mark_changed();
create index labels_changes on labels (changed);
create index gold_answers_changes on gold_answers (changed);
-- The last task that one person was served.
create index leases_turns on leases (person_id, fence);
-- The last labels of one person.
create index labels_annotator on labels (annotator, occurred_at);
