-- The Postgres log, the state of stages, the journal of outside effects, the sink's offsets.

create table log_heads (
  topic text not null,
  partition int not null,
  next_offset bigint not null default 0,
  primary key (topic, partition)
);

create table log_records (
  topic text not null,
  partition int not null,
  log_offset bigint not null,
  ts_ms bigint not null,
  key bytea,
  value bytea,
  headers bytea,
  primary key (topic, partition, log_offset)
);
-- Values are JSON of about a kilobyte: compressing them costs more than it saves.
alter table log_records alter column value set storage external;
alter table log_records set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 2000);

create table log_offsets (
  grp text not null,
  topic text not null,
  partition int not null,
  next_offset bigint not null,
  primary key (grp, topic, partition)
) with (fillfactor = 50);

create table stage_states (
  stage text not null,
  key text not null,
  version bigint not null,
  value bytea not null,
  primary key (stage, key)
) with (fillfactor = 70);

create table journal (
  request_id text primary key,
  provider text not null,
  content bytea not null,
  at_ms bigint not null,
  model text not null default '',
  purpose text not null default '',
  subject text not null default '',
  slice text not null default '',
  asked_by text not null default '',
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  -- Billionths of a US dollar; null: no price is known for the model.
  cost_nanousd bigint,
  batched boolean not null default false
);
create index journal_at on journal (at_ms);

create table sink_offsets (
  topic text not null,
  partition int not null,
  next_offset bigint not null,
  epoch bigint not null,
  primary key (topic, partition)
) with (fillfactor = 50);

-- Slices whose figures are older than their cells: written with the cells, removed with the figures.
create table slices_to_refresh (
  slice text primary key,
  latest timestamptz
);

-- Appends records, gapless per topic and partition: the head rows stay locked until commit, so a
-- reader never sees a hole. Heads are locked in name order, so two writers never deadlock. The caller
-- counts the records of each head and says which of them each record is, from 0. Who says where a head
-- must stand before (null: anywhere) is refused when it stands elsewhere.
create function log_append(
  head_topics text[], head_partitions int[], head_counts int[],
  heads int[], places int[], keys bytea[], vals bytea[], hdrs bytea[], head_starts bigint[] default null
) returns void language plpgsql as $$
declare now_ms bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
begin
  with bases as (
    insert into log_heads as l (topic, partition, next_offset)
    select t, p, n from unnest(head_topics, head_partitions, head_counts) as u (t, p, n) order by t, p
    on conflict (topic, partition) do update set next_offset = l.next_offset + excluded.next_offset
    returning l.topic, l.partition, l.next_offset
  ), numbered as (
    select h, b.topic, b.partition, b.next_offset - n as base
    from unnest(head_topics, head_partitions, head_counts) with ordinality as u (t, p, n, h)
    join bases b on b.topic = u.t and b.partition = u.p
  )
  insert into log_records (topic, partition, log_offset, ts_ms, key, value, headers)
  select n.topic, n.partition, n.base + i.place, now_ms, i.k, i.v, i.x
  from unnest(heads, places, keys, vals, hdrs) as i (head, place, k, v, x)
  join numbered n on n.h = i.head;
  if head_starts is not null and exists (
    select from unnest(head_topics, head_partitions, head_counts, head_starts) as u (t, p, n, s)
    join log_heads l on l.topic = u.t and l.partition = u.p where l.next_offset - u.n <> u.s
  ) then
    raise exception 'conflict: somebody else appended meanwhile' using errcode = 'PF002';
  end if;
  perform pg_notify('prefstream_log', t) from (select distinct unnest(head_topics) as t) as named;
end $$;

-- Moves groups' offsets from where they say they stand; anything else means another owner.
create function log_advance(
  groups text[], topics text[], partitions int[], from_offsets bigint[], to_offsets bigint[]
) returns void language plpgsql as $$
declare moved int;
begin
  update log_offsets o set next_offset = u.t_off
  from unnest(groups, topics, partitions, from_offsets, to_offsets) as u (g, t, p, f_off, t_off)
  where o.grp = u.g and o.topic = u.t and o.partition = u.p and o.next_offset = u.f_off;
  get diagnostics moved = row_count;
  if moved <> cardinality(topics) then
    raise exception 'fenced: % of % partitions of % moved', moved, cardinality(topics), groups[1]
      using errcode = 'PF001';
  end if;
end $$;

-- Saves states at the versions they were read at (0: there was none); anything else means somebody
-- else changed them.
create function states_save(
  stages text[], keys text[], expected bigint[], vals bytea[]
) returns void language plpgsql as $$
declare saved int; wanted int;
begin
  insert into stage_states (stage, key, version, value)
  select s, k, 1, v from unnest(stages, keys, expected, vals) as u (s, k, e, v) where e = 0 order by s, k;
  update stage_states t set value = u.v, version = t.version + 1
  from unnest(stages, keys, expected, vals) as u (s, k, e, v)
  where u.e > 0 and t.stage = u.s and t.key = u.k and t.version = u.e;
  get diagnostics saved = row_count;
  select count(*) into wanted from unnest(expected) as u (e) where e > 0;
  if saved <> wanted then
    raise exception 'conflict: % of % states saved', saved, wanted using errcode = 'PF002';
  end if;
exception when unique_violation then
  raise exception 'conflict: a state was made meanwhile' using errcode = 'PF002';
end $$;

-- One batch of one or more stages in one transaction: states, outputs and offsets stand or fall together.
-- It does not wait for the disk. What a crash of the server could take back it takes back whole, and
-- the stages then say the same again; what was acknowledged from outside came before it in the WAL.
create function stage_commit(
  in_groups text[], in_topics text[], in_partitions int[], from_offsets bigint[], to_offsets bigint[],
  state_stages text[], state_keys text[], state_versions bigint[], state_values bytea[],
  head_topics text[], head_partitions int[], head_counts int[],
  out_heads int[], out_places int[], out_keys bytea[], out_values bytea[], out_headers bytea[],
  head_starts bigint[]
) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform log_advance(in_groups, in_topics, in_partitions, from_offsets, to_offsets);
  if cardinality(state_keys) > 0 then
    perform states_save(state_stages, state_keys, state_versions, state_values);
  end if;
  if cardinality(head_topics) > 0 then
    perform log_append(
      head_topics, head_partitions, head_counts, out_heads, out_places, out_keys, out_values, out_headers,
      head_starts
    );
  end if;
end $$;
