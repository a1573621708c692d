-- Tasks lent to people, what they answered, and what is on its way to the log.

-- A hint that spares the queue a look: all labels that the task needs are given or under way. It may be
-- wrong in one direction only: a task with room never says that it is full.
alter table tasks add column full_up boolean not null default false;
create index tasks_free on tasks (round, priority desc, pair_id) where open and not full_up;
-- What it was for, the one above serves without the tasks that nobody can take.
drop index tasks_queue;

create function task_made_room() returns trigger language plpgsql as $$
begin
  new.full_up := false;
  return new;
end $$;
create trigger task_made_room before update of needed, have, open on tasks for each row
  when (old.full_up and (new.needed > old.needed or new.have < old.have or (new.open and not old.open)))
  execute function task_made_room();

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
  -- As text: what people type may hold characters that jsonb does not take.
  draft json,
  drafted_at timestamptz,
  -- Null while it is held. A lease past its time is held until somebody who looks for work ends it, under
  -- the lock of its row: an answer that is just coming in is not cut off.
  ended_at timestamptz,
  -- Answers given to it, those taken back included.
  answers int not null default 0,
  ending text check (ending in ('submitted', 'released', 'expired')),
  check ((ended_at is null) = (ending is null))
) with (fillfactor = 70);
create index leases_task on leases (pair_id, round, person_id);
create index leases_person on leases (person_id, leased_at) where ended_at is null;
create index leases_running on leases (expires_at) where ended_at is null;

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
  answer json not null,
  answer_hash bytea not null,
  -- What the person was told at once, if anything.
  feedback json,
  -- Events that say it: it can be taken back while all of them are held back.
  events int not null,
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
  -- What it says, if that was submitted; taken back together.
  submission_id uuid,
  queued_at timestamptz not null default now(),
  -- Held back until then, so that it can be undone.
  not_before timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02);
create index outbox_due on outbox (not_before, n);
create index outbox_submission on outbox (submission_id) where submission_id is not null;

-- Better wordings of the constitution that people proposed where a case showed a gap.
create table refinements (
  submission_id uuid primary key references submissions,
  pair_id text collate "C" not null,
  slice text collate "C" not null,
  person_id text collate "C" not null references people,
  constitution_id text not null,
  clause text not null,
  kind text not null check (kind in ('rule', 'exemplar', 'counter_example')),
  body text not null,
  error_category text,
  proposed_at timestamptz not null,
  state text not null default 'proposed' check (state in ('proposed', 'accepted', 'rejected')),
  decided_by text collate "C" references people,
  decided_at timestamptz,
  decided_why text not null default ''
);
create index refinements_state on refinements (state, proposed_at);

-- Labels that a task still wants beyond those given and under way. To be asked in a statement of its own
-- under the lock of the task's row: whoever adds a lease holds that lock, and the sink moves `have`
-- together with the archive.
create function task_room(p_pair text, p_round text) returns int language sql volatile as $$
  select (t.needed - t.have
    - (select count(*) from leases l where l.pair_id = t.pair_id and l.round = t.round
         and l.purpose = 'work' and l.ended_at is null)
    - (select count(*) from submissions s where s.pair_id = t.pair_id and s.round = t.round
         and s.purpose = 'work' and s.undone_at is null
         and not exists (select from archive a where a.event_id = s.submission_id)))::int
  from tasks t where t.pair_id = p_pair and t.round = p_round
$$;

-- Ends leases whose time is over, so that their tasks are free. What anybody holds is passed over: it is
-- looked at again at the next turn, and nobody ever waits for two locks at once.
create function queue_reap() returns void language plpgsql as $$
begin
  with gone as (
    select l.lease_id, l.pair_id, l.round from leases l join tasks t using (pair_id, round)
    where l.ended_at is null and l.expires_at <= now() and l.purpose = 'work'
    order by l.expires_at limit 100 for update of l, t skip locked
  ), ended as (
    update leases l set ended_at = clock_timestamp(), ending = 'expired' from gone where l.lease_id = gone.lease_id
  )
  update tasks t set full_up = false from gone
  where t.pair_id = gone.pair_id and t.round = gone.round and t.full_up;
  update leases l set ended_at = clock_timestamp(), ending = 'expired'
  where l.lease_id in (
    select g.lease_id from leases g
    where g.ended_at is null and g.expires_at <= now() and g.purpose <> 'work'
    order by g.expires_at limit 100 for update skip locked
  );
end $$;

-- Finds a task for a person and locks its row; nothing found, no row. `room` counts the person in.
-- It walks the queue's index in its order and stops at the first that fits, each look by index: the planner,
-- who thinks that next to nothing fits and that new tables stay empty, would read and sort the whole queue
-- (130 ms of 20,000 tasks instead of 0.6). Labels and leases are looked up by the pair, which has few, and never
-- by the person, who has many.
create function queue_pick(p_person text, p_rounds text[], p_slices text[], p_oldest boolean)
returns table (pair_id text, round text, slice text, room int) language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off as $$
declare
  found_task record;
  one_round text;
  left_over int;
begin
  if cardinality(p_rounds) = 0 then
    return;
  end if;
  loop
    if p_oldest then
      select t.pair_id, t.round, t.slice into found_task from tasks t
      where t.open and not t.full_up and t.round = any(p_rounds)
        and (p_slices is null or t.slice = any(p_slices))
        and (select true from submissions s where s.pair_id = t.pair_id and s.person_id || '' = p_person
               and s.undone_at is null limit 1) is null
        and (select true from leases l where l.pair_id = t.pair_id and l.person_id || '' = p_person
               and l.ended_at is null limit 1) is null
        and (select true from labels b where b.pair_id = t.pair_id and b.annotator || '' = p_person limit 1) is null
        and (select true from gold_items g where g.pair_id = t.pair_id limit 1) is null
      order by t.opened_at, t.pair_id limit 1 for update of t skip locked;
    else
      foreach one_round in array p_rounds loop
        select t.pair_id, t.round, t.slice into found_task from tasks t
        where t.open and not t.full_up and t.round = one_round
          and (p_slices is null or t.slice = any(p_slices))
          and (select true from submissions s where s.pair_id = t.pair_id and s.person_id || '' = p_person
                 and s.undone_at is null limit 1) is null
          and (select true from leases l where l.pair_id = t.pair_id and l.person_id || '' = p_person
                 and l.ended_at is null limit 1) is null
          and (select true from labels b where b.pair_id = t.pair_id and b.annotator || '' = p_person limit 1) is null
          and (select true from gold_items g where g.pair_id = t.pair_id limit 1) is null
        order by t.priority desc, t.pair_id limit 1 for update of t skip locked;
        exit when found;
      end loop;
    end if;
    if found_task.pair_id is null then
      return;
    end if;
    left_over := task_room(found_task.pair_id, found_task.round);
    if left_over > 0 then
      return query select found_task.pair_id, found_task.round, found_task.slice, left_over;
      return;
    end if;
    update tasks t set full_up = true where t.pair_id = found_task.pair_id and t.round = found_task.round;
    found_task := null;
  end loop;
end $$;
