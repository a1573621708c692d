-- Verdicts that judges gave before, read by the recorded judge.

create table recorded_verdicts (
  judge text not null,
  pair_id text not null,
  -- An array of votes as the contract has them, ordered by variant and order.
  votes jsonb not null,
  primary key (judge, pair_id)
);
