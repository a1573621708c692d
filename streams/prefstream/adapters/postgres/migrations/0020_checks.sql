-- Findings that quarantine: a person decides what becomes of the pair.

alter table pairs
  add column verdict_facts int,
  add column quarantined boolean;
update pairs set verdict_facts = failed_checks, quarantined = false where verdict_id is not null;

alter table pairs drop column status;
alter table pairs add column status text generated always as (
  case
    when reopened_id is not null and (method is null or method = 'judge') then 'suspect'
    when dispute_id is not null and resolution_id is not null
      and disputed_at > greatest(resolved_at, verdict_at) then 'disputed'
    when verdict_id is not null and (resolution_id is null or verdict_at > resolved_at
      or (verdict_at = resolved_at and verdict_resolution_id >= resolution_id))
      then case when quarantined then 'quarantined' when failed_checks > 0 then 'rejected' else 'validated' end
    when resolution_id is not null then 'resolved'
    when dispute_id is not null then 'disputed'
    when labels_needed > 0 then 'escalated'
    when judgement_id is not null then 'judged'
    when proposed_id is not null then 'proposed'
  end
) stored;

create index pairs_quarantined on pairs (resolved_at, pair_id) where status = 'quarantined';
