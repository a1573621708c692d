-- Keys under which content is sealed, what was erased, and the digests that outlive it.

create table content_keys (
  -- Random; what sealed bytes name the key by.
  key_id bytea primary key,
  -- "prompt:ID", "pair:ID", "task:ID" or "person:ID".
  owner text collate "C" not null unique,
  -- 32 random bytes, or those under the deployment's own key. Erasing deletes the row.
  key bytea not null,
  wrapped boolean not null
);

-- Whose content was erased; what comes of them later is erased as it comes. Rows are only ever added.
create table erased_owners (
  n bigint generated always as identity primary key,
  owner text collate "C" not null unique,
  -- What sealed bytes name the destroyed key by; null: there was none yet.
  key_id bytea
);
create index erased_owners_key on erased_owners (key_id) where key_id is not null;

-- Each erasure somebody asked for.
create table erasures (
  what text not null check (what in ('prompt', 'person')),
  id text collate "C" not null,
  event_id uuid not null,
  reason text not null,
  by_whom text not null,
  at timestamptz not null,
  pairs text[] not null,
  tasks text[] not null,
  releases text[] not null,
  -- Rows that lost their content, by table.
  erased jsonb not null,
  primary key (what, id)
);

-- SHA-256 of the plain bytes of what is sealed or erased; null: `value` is the plain bytes themselves.
alter table archive add column digest bytea;
-- Plain content, found again by its owner when it is to be erased; empty where everything is sealed.
create index archive_plain on archive (key) where digest is null and topic in (
  'prompts.submitted.v1', 'prompts.curated.v1', 'pairs.proposed.v1', 'pairs.judged.v1', 'labels.submitted.v1',
  'pairs.validated.v1', 'pairs.rejected.v1', 'tasks.proposed.v1',
  'demonstrations.submitted.v1', 'annotators.assessed.v1', 'gold.chosen.v1'
);
-- Original bytes of records on a detour, which may name whom their key does not.
create index archive_detours on archive (topic, key) where topic in (
  'curation.retry.v1', 'generation.retry.v1', 'judging.retry.v1', 'dead-letters.v1'
);
-- What was asked about a prompt or a pair.
create index journal_subject on journal (subject) where subject <> '';
-- Rows of the release that hold what was erased since.
alter table releases add column erased_rows bigint not null default 0;
