-- In which order people see the pairs that wait for them: the highest priority first, then by pair.

alter table pairs add column priority int;
alter table tasks add column priority int not null default 0;
create index tasks_queue on tasks (priority desc, pair_id, round) where open;

-- What a route rests on is looked up by its identity; there is little of it among all the events.
create index archive_configuration on archive (topic, subject)
  where topic in ('policies.published.v1', 'constitutions.published.v1');
