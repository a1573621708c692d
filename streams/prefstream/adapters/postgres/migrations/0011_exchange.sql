-- What goes to other systems and comes back from them: webhooks and Label Studio.

create table webhook_endpoints (
  endpoint_id text collate "C" primary key,
  url text not null,
  description text not null default '',
  -- Empty: all of them.
  types text[] not null default '{}',
  slices text[] not null default '{}',
  state text not null default 'active' check (state in ('active', 'paused', 'disabled')),
  state_why text not null default '',
  -- How far the sink was, by "topic/partition", when it was made: it is told of what came after.
  starts jsonb not null,
  created_at timestamptz not null default now(),
  created_by text
);

create table webhook_secrets (
  secret_id text primary key,
  endpoint_id text collate "C" not null references webhook_endpoints on delete cascade,
  -- It signs, so it must be known as it is.
  secret text not null,
  created_at timestamptz not null default now(),
  -- Until then it signs beside its successor; null: it is the present one.
  expires_at timestamptz
);
create index webhook_secrets_endpoint on webhook_secrets (endpoint_id);

-- How far the archive was turned into deliveries; moved in the transaction that writes them.
create table webhook_positions (
  topic text collate "C" not null,
  partition int not null,
  next_offset bigint not null,
  primary key (topic, partition)
) with (fillfactor = 50);

create table webhook_deliveries (
  delivery_id bigint generated always as identity primary key,
  endpoint_id text collate "C" not null references webhook_endpoints on delete cascade,
  -- The same over all tries, and for all endpoints.
  message_id text collate "C" not null,
  type text not null,
  slice text,
  body bytea not null,
  occurred_at timestamptz not null,
  made_at timestamptz not null default now(),
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
  attempts int not null default 0,
  -- When it is due; while a try is under way, when that try is given up for lost.
  due_at timestamptz not null default now(),
  last_status int,
  last_error text not null default '',
  ended_at timestamptz,
  unique (endpoint_id, message_id)
) with (fillfactor = 80);
create index webhook_deliveries_due on webhook_deliveries (endpoint_id, due_at, delivery_id)
  where state = 'pending';
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where state = 'delivered';

-- The records that webhooks tell of, found again by their place in the log.
create index archive_told on archive (topic, partition, log_offset) where topic in (
  'labels.submitted.v1', 'labels.resolved.v1', 'pairs.validated.v1', 'pairs.rejected.v1',
  'policies.published.v1', 'annotators.assessed.v1', 'demonstrations.submitted.v1'
);

create table label_studio_projects (
  address text collate "C" not null,
  project_id bigint not null,
  -- An empty slice: one project for all.
  slice text collate "C" not null,
  constitution_id text not null,
  -- Up to then the changes of its tasks were read; null: none of them yet.
  read_until timestamptz,
  created_at timestamptz not null default now(),
  primary key (address, project_id)
);
create index label_studio_projects_slice on label_studio_projects (address, slice, constitution_id);

create table label_studio_tasks (
  -- Also what the task's data names it by, so that one pushed before a crash is found again.
  push_id uuid primary key,
  address text collate "C" not null,
  project_id bigint not null,
  pair_id text collate "C" not null,
  round text collate "C" not null,
  slice text collate "C" not null,
  sides text not null check (sides in ('ab', 'ba')),
  constitution_id text not null,
  -- Null while it is on its way.
  task_id bigint,
  pushed_at timestamptz not null default now(),
  unique (address, pair_id, round)
);
-- Not unique: Label Studio gives the ids of what was deleted again. Tasks are told apart by their push.
create index label_studio_tasks_waiting on label_studio_tasks (address, project_id) where task_id is null;

create table label_studio_annotations (
  address text collate "C" not null,
  annotation_id bigint not null,
  push_id uuid not null references label_studio_tasks,
  -- The how-manieth reading of it; each is a label of its own that takes back the one before.
  revision int not null,
  -- Hash of what was read, so that the same again changes nothing.
  content_hash bytea not null,
  -- The label that stands; null: none does, it was cancelled, deleted or cannot be used.
  event_id uuid,
  annotator text,
  findings text not null default '',
  read_at timestamptz not null default now(),
  primary key (push_id, annotation_id)
);

-- Tasks that a webhook of Label Studio named; they are read again. A null task: read all of them again.
create table label_studio_hints (
  n bigint generated always as identity primary key,
  address text collate "C" not null,
  task_id bigint,
  at timestamptz not null default now()
);
