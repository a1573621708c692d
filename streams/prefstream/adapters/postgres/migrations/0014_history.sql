-- All events of one pair, for its page. A hash, for pairs are only ever asked for by their whole id; it
-- costs the sink's session about a microsecond of CPU and 40 bytes per event (measured over COPY of
-- events of a kilobyte: 4.5 without it, 5.5 with it, 5.8 with a B-tree).
create index archive_pairs on archive using hash (subject) where topic in (
  'pairs.proposed.v1', 'pairs.judged.v1', 'pairs.routed.v1', 'labels.submitted.v1', 'labels.resolved.v1',
  'pairs.validated.v1', 'pairs.rejected.v1'
);
