-- The tasks that still want people, the oldest first: now and then a turn takes one from here.

create index tasks_waiting on tasks (opened_at, pair_id) where open and not full_up;
