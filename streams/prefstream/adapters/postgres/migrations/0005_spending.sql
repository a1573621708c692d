-- What may be spent per day and per run, and which process holds which part of it.

create table budgets (
  -- "day:2026-07-01" or "run:NAME".
  budget text primary key,
  limit_nanousd bigint not null,
  started_ms bigint not null,
  -- Calls that were not admitted, and the last of them.
  refused_calls bigint not null default 0,
  refused_at_ms bigint,
  refused_reason text not null default '',
  refused_detail text not null default ''
);

-- A process leases part of a budget and tells now and then what it spent of it. A lease that is not
-- renewed has ended: its process is gone.
create table budget_leases (
  budget text not null references budgets,
  holder text not null,
  granted_nanousd bigint not null,
  spent_nanousd bigint not null,
  ended boolean not null default false,
  expires_at timestamptz not null,
  primary key (budget, holder)
) with (fillfactor = 50);
