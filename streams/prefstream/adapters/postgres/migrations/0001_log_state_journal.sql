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
  at_ms bigint not null
);

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
-- reader never sees a hole. Heads are locked in name order, so two writers never deadlock.
create function log_append(
  topics text[], partitions int[], keys bytea[], vals bytea[], hdrs bytea[]
) returns void language plpgsql as $$
begin
  with input as (
    select t, p, k, v, h, o,
           row_number() over (partition by t, p order by o) as place
    from unnest(topics, partitions, keys, vals, hdrs) with ordinality as u (t, p, k, v, h, o)
  ), heads as (
    insert into log_heads as l (topic, partition, next_offset)
    select t, p, count(*) from input group by t, p order by t, p
    on conflict (topic, partition) do update set next_offset = l.next_offset + excluded.next_offset
    returning l.topic, l.partition, l.next_offset
  ), counts as (
    select t, p, count(*) as n from input group by t, p
  )
  insert into log_records (topic, partition, log_offset, ts_ms, key, value, headers)
  select i.t, i.p, h.next_offset - c.n + i.place - 1,
         (extract(epoch from clock_timestamp()) * 1000)::bigint, i.k, i.v, i.h
  from input i
  join counts c on c.t = i.t and c.p = i.p
  join heads h on h.topic = i.t and h.partition = i.p;
  perform pg_notify('prefstream_log', t) from (select distinct unnest(topics) as t) as named;
end $$;

-- Moves a group's offsets from where it says it stands; anything else means another owner.
create function log_advance(
  grp_name text, topics text[], partitions int[], from_offsets bigint[], to_offsets bigint[]
) returns void language plpgsql as $$
declare moved int;
begin
  update log_offsets o set next_offset = u.t_off
  from unnest(topics, partitions, from_offsets, to_offsets) as u (t, p, f_off, t_off)
  where o.grp = grp_name and o.topic = u.t and o.partition = u.p and o.next_offset = u.f_off;
  get diagnostics moved = row_count;
  if moved <> cardinality(topics) then
    raise exception 'fenced: % of % partitions of % moved', moved, cardinality(topics), grp_name
      using errcode = 'PF001';
  end if;
end $$;

-- Saves states at the versions they were read at; anything else means somebody else changed them.
create function states_save(
  stage_name text, keys text[], expected bigint[], vals bytea[]
) returns void language plpgsql as $$
declare saved int;
begin
  insert into stage_states as s (stage, key, version, value)
  select stage_name, k, e + 1, v from unnest(keys, expected, vals) as u (k, e, v) order by k
  on conflict (stage, key) do update set value = excluded.value, version = excluded.version
  where s.version = excluded.version - 1;
  get diagnostics saved = row_count;
  if saved <> cardinality(keys) then
    raise exception 'conflict: % of % states of % saved', saved, cardinality(keys), stage_name
      using errcode = 'PF002';
  end if;
end $$;

-- One batch of one stage in one transaction: states, outputs and offsets stand or fall together.
-- It does not wait for the disk. What a crash of the server could take back it takes back whole, and
-- the stage then says the same again; what was acknowledged from outside came before it in the WAL.
create function stage_commit(
  grp_name text, in_topics text[], in_partitions int[], from_offsets bigint[], to_offsets bigint[],
  state_keys text[], state_versions bigint[], state_values bytea[],
  out_topics text[], out_partitions int[], out_keys bytea[], out_values bytea[], out_headers bytea[]
) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform log_advance(grp_name, in_topics, in_partitions, from_offsets, to_offsets);
  if cardinality(state_keys) > 0 then
    perform states_save(grp_name, state_keys, state_versions, state_values);
  end if;
  if cardinality(out_topics) > 0 then
    perform log_append(out_topics, out_partitions, out_keys, out_values, out_headers);
  end if;
end $$;
