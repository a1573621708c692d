"""The final rows of a deployment, comparable between two runs."""

import asyncio
from typing import Any

import asyncpg

#: What a run ends in. Coordinates in a log are left out: where a record came to stand is no outcome.
QUERIES = {
    "prompts": "select * from prompts order by prompt_id",
    # In how many batches a pair was written is no outcome.
    "pairs": "select (to_jsonb(p) - 'revision')::text from pairs p order by pair_id",
    # Which transaction wrote a label is no outcome either.
    "labels": "select (to_jsonb(l) - 'changed')::text from labels l order by event_id",
    "tasks": "select * from tasks order by pair_id, round",
    "cells": "select * from agreement_cells where n <> 0 order by 1, 2, 3, 4, 5, 6, 7, 8",
    "funnel": "select * from funnel_buckets where n <> 0 order by 1, 2, 3",
    # Between which events a figure last changed depends on the batches they came in.
    "figures": "select (to_jsonb(m) - 'as_of')::text from slice_metrics m"
    " order by slice, window_name, statistic, subject",
    "dead_letters": "select stage, topic, reason, key, value from dead_letters order by 1, 2, 3, 4, 5",
    # When figures and reliabilities are said depends on how the log was read, and so do alerts about them.
    # What is sealed is sealed under keys of that run.
    "archive": "select event_id, topic, type, subject, occurred_at, coalesce(digest, sha256(value))"
    " from archive"
    " where topic not in ('metrics.updated.v1', 'alerts.raised.v1', 'constitutions.published.v1')"
    " and type is distinct from 'ReliabilityPublished' order by event_id",
}


def final_rows(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table that a run ends in."""

    async def fetched() -> dict[str, list[tuple[Any, ...]]]:
        connection = await asyncpg.connect(dsn)
        try:
            return {
                name: [tuple(row) for row in await connection.fetch(query)] for name, query in QUERIES.items()
            }
        finally:
            await connection.close()

    return asyncio.run(fetched())


def differences(left: dict[str, list[tuple[Any, ...]]], right: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    """Return, per table, the first rows that one run has and the other has not."""
    found = []
    for name in QUERIES:
        only_left = [row for row in left[name] if row not in right[name]][:2]
        only_right = [row for row in right[name] if row not in left[name]][:2]
        if only_left or only_right or len(left[name]) != len(right[name]):
            found.append(f"{name}: {len(left[name])} and {len(right[name])} rows; {only_left} | {only_right}")
    return found
