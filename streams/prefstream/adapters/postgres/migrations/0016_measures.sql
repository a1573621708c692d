-- What the measures of a slice's work are counted in, and sums of hours, days and all time beside the minutes,
-- so that no window is read from minutes of months.

alter table pairs
  -- Which response is longer by more than a tenth, and which alone declines: 'a' or 'b'.
  add column longer text,
  add column declined text,
  -- Batches that wrote the row. Where it has moved on since it was read, another sink wrote meanwhile.
  -- Rows from before this migration stand at 0: they were never counted, and are not taken back.
  add column revision int not null default 0;

create table measure_buckets (
  slice text collate "C" not null,
  minute int not null,
  measure text collate "C" not null,
  key text collate "C" not null,
  n bigint not null,
  primary key (slice, minute, measure, key)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- The same for hours and for all time, the funnel's counters among them.
create table measure_rollups (
  slice text collate "C" not null,
  span text collate "C" not null check (span in ('hour', 'day', 'all')),
  -- The minute in which the hour or day begins; 0 for all time.
  since int not null,
  measure text collate "C" not null,
  key text collate "C" not null,
  n bigint not null,
  primary key (slice, span, since, measure, key)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

create table agreement_rollups (
  slice text collate "C" not null,
  span text collate "C" not null check (span in ('hour', 'day', 'all')),
  since int not null,
  kind text collate "C" not null,
  unit_size int not null,
  annotator_i text collate "C" not null,
  annotator_j text collate "C" not null,
  category_i text collate "C" not null,
  category_j text collate "C" not null,
  n bigint not null,
  primary key (slice, span, since, kind, unit_size, annotator_i, annotator_j, category_i, category_j)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- What the labels that stand count for; a later withdrawal or move takes it back.
insert into measure_buckets
select slice, floor(date_part('epoch', occurred_at) / 60)::int, c.measure, c.key, count(*)
from (
  select *, case when needs_specialist then 'unsure' else verdict end as counted from labels
) l cross join lateral (
  values ('trace', case when clauses = '[]' then 'people:bare' else 'people:cited' end),
    ('position', case
      when counted in ('A>>', 'A>') then case sides when 'ab' then 'people:first' else 'people:second' end
      when counted in ('B>>', 'B>') then case sides when 'ba' then 'people:first' else 'people:second' end
    end)
) as c (measure, key)
where l.withdrawn_at is null and l.slice is not null and c.key is not null
group by 1, 2, 3, 4;

insert into agreement_rollups
select slice, span, since, kind, unit_size, annotator_i, annotator_j, category_i, category_j, sum(n)
from agreement_cells cross join lateral (values ('hour', minute - minute % 60), ('day', minute - minute % 1440), ('all', 0)) as s (span, since)
group by 1, 2, 3, 4, 5, 6, 7, 8, 9;

-- Generation is no event, so what it costs is counted as it is journalled, by the time of the answer.
create view generation_counts as
select request_id, slice, (at_ms / 60000)::int as minute,
  case when cost_nanousd is null then 'unpriced_calls' else 'nanousd' end as key,
  coalesce(cost_nanousd, 1) as n
from journal where purpose in ('generation', 'scoring') and slice <> '' and cost_nanousd is distinct from 0;

create function count_generation() returns trigger language plpgsql as $$
begin
  if not exists (select from said where purpose in ('generation', 'scoring')) then
    return null;
  end if;
  insert into measure_buckets as b
  select c.slice, c.minute, 'generation', c.key, sum(c.n)
  from generation_counts c where c.request_id in (select request_id from said)
  group by 1, 2, 4 order by 1, 2, 4
  on conflict (slice, minute, measure, key) do update set n = b.n + excluded.n;
  insert into measure_rollups as r
  select c.slice, s.span, s.since, 'generation', c.key, sum(c.n)
  from generation_counts c
  cross join lateral (
    values ('all', 0), ('hour', c.minute - c.minute % 60), ('day', c.minute - c.minute % 1440)
  ) as s (span, since)
  where c.request_id in (select request_id from said)
  group by 1, 2, 3, 5 order by 1, 2, 3, 5
  on conflict (slice, span, since, measure, key) do update set n = r.n + excluded.n;
  return null;
end $$;
create trigger journal_generation after insert on journal
  referencing new table as said for each statement execute function count_generation();

insert into measure_buckets
select slice, minute, 'generation', key, sum(n) from generation_counts group by 1, 2, 4;

insert into measure_rollups
select slice, span, since, measure, key, sum(n)
from (
  select slice, minute, measure, key, n from measure_buckets
  union all
  select slice, minute, 'funnel', counter, n from funnel_buckets
) as c cross join lateral (values ('hour', minute - minute % 60), ('day', minute - minute % 1440), ('all', 0)) as s (span, since)
group by 1, 2, 3, 4, 5;

-- The age of the oldest task of a slice.
create index tasks_oldest on tasks (slice, opened_at) where open;

-- Slices whose kappas of every two people are older than their cells: these come less often than the rest.
create table people_to_refresh (
  slice text primary key
);

-- What the figures of a slice are as of, and the transaction that wrote them: a sink that wrote them itself
-- knows which rows stand.
create table slice_refreshes (
  slice text collate "C" primary key,
  as_of timestamptz not null,
  written_in bigint not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

insert into slice_refreshes select slice, max(as_of), 0 from slice_metrics group by slice;
