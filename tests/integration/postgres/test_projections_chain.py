"""What the chain says of labels that come, are withdrawn and are never sure enough, as the sink has it."""

import asyncio
import secrets
from collections.abc import Iterable, Iterator

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.running_parts import execute, postgres_server  # noqa: F401  (a fixture)
from tests.topology.test_interleavings import History, histories, the_run

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from prefstream.agents.driver import rows
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import LabelDisputed, LabelResolved
from prefstream.schemas.records import LogRecord

pytestmark = pytest.mark.postgres

TABLES = "archive, dead_letters, prompts, pairs, labels, withdrawals, tasks, agreement_cells, funnel_buckets"
PAIRS = """
select p.pair_id, p.status, p.proposed_id is not null and p.labels_needed > 0 as asked,
  exists (select from tasks t where t.pair_id = p.pair_id and t.open) as waits
from pairs p
"""


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[tuple[asyncio.Runner, asyncpg.Connection]]:  # noqa: F811
    name = f"test_{secrets.token_hex(6)}"
    execute(postgres_server, f"create database {name}")
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(postgres_server, database=name))
        runner.run(upgrade(connection))
        yield runner, connection
        runner.run(connection.close())
    execute(postgres_server, f"drop database {name}")


async def projected(connection: asyncpg.Connection, records: list[LogRecord]) -> list[asyncpg.Record]:
    await connection.execute(f"truncate {TABLES}")
    async with connection.transaction():
        await project(connection, records)
    found: list[asyncpg.Record] = await connection.fetch(PAIRS)
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), seed=st.integers(0, 2**32))
def test_whoever_has_no_label_waits_for_people_and_whoever_has_one_does_not(
    database: tuple[asyncio.Runner, asyncpg.Connection], history: History, seed: int
) -> None:
    runner, connection = database
    records = list(the_run(history, seed=seed, hurried=True).records())
    told = rows(records)
    found = runner.run(projected(connection, records))

    last = last_words(told.archive.values())
    for pair in found:
        stands = isinstance(last.get(pair["pair_id"]), LabelResolved)
        assert (pair["status"] in {"resolved", "validated", "quarantined", "rejected"}) == stands
        if pair["asked"]:
            assert pair["waits"] == (not stands)
    withdrawn = {row["event_id"] for row in told_withdrawn(runner, connection)}
    assert withdrawn == {label.event_id for label in told.labels.values() if label.withdrawn}


def last_words(events: Iterable[Event]) -> dict[str, Event]:
    """Return what resolution said last of each pair, in event time."""
    said: dict[str, Event] = {}
    spoken = [event for event in events if isinstance(event, LabelResolved | LabelDisputed)]
    for event in sorted(spoken, key=lambda one: (one.occurred_at, one.event_id)):
        said[event.pair_id] = event
    return said


def told_withdrawn(runner: asyncio.Runner, connection: asyncpg.Connection) -> list[asyncpg.Record]:
    query = "select event_id::text from labels where withdrawn_at is not null"
    found: list[asyncpg.Record] = runner.run(connection.fetch(query))
    return found
