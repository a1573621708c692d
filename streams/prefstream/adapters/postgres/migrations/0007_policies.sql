-- Of several routes of a pair the first in the log stays; one that takes an accepting route back stands
-- beside it, so that the row still says what was accepted, when and why.

alter table pairs
  add column route_place bigint,
  add column reopened_at timestamptz,
  add column reopened_id uuid,
  add column reopened_route_id uuid,
  add column reopened_reason text,
  add column reopened_priority int;

-- A pair whose acceptance was taken back is suspect until people have labelled it.
alter table pairs drop column status;
alter table pairs add column status text generated always as (
  case
    when reopened_id is not null and (method is null or method = 'judge') then 'suspect'
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
