-- Calls that go to a model's vendor in batches, at half the price, and the batches they went into.

create table batches (
  -- Ours, and there before the vendor is asked; the vendor's comes with its answer.
  batch_id text primary key,
  vendor_id text unique,
  state text not null default 'creating' check (state in ('creating', 'under_way', 'done', 'withdrawn')),
  calls int not null,
  claimed_ms bigint not null,
  created_ms bigint,
  done_ms bigint
);
create index batches_open on batches (claimed_ms) where state in ('creating', 'under_way');

create table batch_calls (
  request_id text collate "C" primary key,
  provider text not null,
  -- The request as JSON: what the call's identity is made of.
  request bytea not null,
  size int not null,
  purpose text not null,
  subject text collate "C" not null,
  slice text not null,
  asked_by text not null,
  queued_ms bigint not null,
  -- queued: waits for the next batch; sent: is in one; answered: its answer is in the journal, and it
  -- stays for a while, so that who looked there a moment too early does not queue it again; failed: no
  -- answer will come, and the stage has not been told why yet.
  state text not null default 'queued' check (state in ('queued', 'sent', 'answered', 'failed')),
  batch_id text references batches,
  tries int not null default 0,
  last_reason text not null default ''
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index batch_calls_queued on batch_calls (queued_ms, request_id) where state = 'queued';
create index batch_calls_batch on batch_calls (batch_id) where batch_id is not null;
create index batch_calls_subject on batch_calls (subject) where state in ('queued', 'sent');

-- Moves on whenever answers are in, so that who waits for some need not look for them all the time.
create sequence batch_progress;
