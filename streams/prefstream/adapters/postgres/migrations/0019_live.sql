-- What the live page reads.

-- Counts of units of a slice over time, without those of every two people that stand between them.
create index agreement_rollups_units on agreement_rollups (slice, span, kind, since) where kind in ('nominal', 'ordinal');
create index agreement_cells_units on agreement_cells (slice, kind, minute) where kind in ('nominal', 'ordinal');

-- What lines are drawn of; there are five times as many other counts.
create index measure_rollups_lines on measure_rollups (slice, span, since)
  where measure in ('judge_audited', 'judge_all') or (measure = 'funnel' and key = 'labels');

-- From a point of a line to the pairs that were labelled then.
create index labels_slice on labels (slice, occurred_at);
