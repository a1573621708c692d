-- Labels that were withdrawn stay where they are and say so; what rested on them is open again.

-- A withdrawal may come before its label, so it is remembered by itself. Of several the earliest holds.
create table withdrawals (
  pair_id text collate "C" not null,
  label_id uuid not null,
  withdrawn_at timestamptz not null,
  withdrawal_id uuid not null,
  withdrawn_by text not null,
  withdrawn_reason text not null,
  primary key (pair_id, label_id)
);

alter table labels
  add column needs_specialist boolean not null default false,
  add column error_category text,
  add column quotes jsonb not null default '[]',
  add column refinement jsonb,
  add column withdrawn_at timestamptz,
  add column withdrawal_id uuid,
  add column withdrawn_by text,
  add column withdrawn_reason text;

alter table pairs
  add column withdrawals int not null default 0,
  add column reviews_needed int not null default 0,
  add column adjudications_needed int not null default 0;

-- A dispute later than the resolution takes it back: nothing stands until people resolve it again.
alter table pairs drop column status;
alter table pairs add column status text generated always as (
  case
    when reopened_id is not null and (method is null or method = 'judge') then 'suspect'
    when dispute_id is not null and resolution_id is not null
      and disputed_at > greatest(resolved_at, verdict_at) then 'disputed'
    when verdict_id is not null and (resolution_id is null or verdict_at > resolved_at
      or (verdict_at = resolved_at and verdict_resolution_id >= resolution_id))
      then case when failed_checks > 0 then 'rejected' else 'validated' end
    when resolution_id is not null then 'resolved'
    when dispute_id is not null then 'disputed'
    when labels_needed > 0 then 'escalated'
    when judgement_id is not null then 'judged'
    when proposed_id is not null then 'proposed'
  end
) stored;

-- When people were first asked for the round, in event time: nobody's task waits for ever.
alter table tasks add column if not exists opened_at timestamptz;
update tasks t set opened_at = case
    when t.round = 'annotate' then coalesce(p.reopened_at, p.routed_at) else p.disputed_at end
  from pairs p where p.pair_id = t.pair_id;
