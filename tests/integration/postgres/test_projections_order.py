"""Any order, repetition and division into batches gives the same rows, and they equal a plain recount."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import factories as make
from tests.running_parts import execute, postgres_server  # noqa: F401  (a fixture)

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from prefstream.domain.agreement import UnitLabel, contributions
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted, LabelWithdrawn
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.values import Preference, Verdict

pytestmark = pytest.mark.postgres

STATE = (
    "prompts",
    "pairs",
    "labels",
    "withdrawals",
    "tasks",
    "agreement_cells",
    "agreement_rollups",
    "funnel_buckets",
    "measure_buckets",
    "measure_rollups",
)
#: Of the archive, all but where and when the log took the record.
QUERIES = {name: f"select * from {name}" for name in STATE} | {
    "archive": "select event_id, topic, type, subject, occurred_at, key, value, headers from archive",
    # How many batches wrote a pair is for the sink alone.
    "pairs": "select pair_id, (to_jsonb(p) - 'revision')::text, label, status from pairs p",
    # Which transaction wrote a label is for those who follow the table.
    "labels": "select (to_jsonb(l) - 'changed')::text from labels l",
}
Snapshot = dict[str, list[tuple[Any, ...]]]


class Database:
    """One database for all examples; each begins with empty tables."""

    def __init__(self, runner: asyncio.Runner, connection: asyncpg.Connection) -> None:
        self._run = runner.run
        self._connection = connection

    def after(self, batches: Sequence[Sequence[Event]], history: Sequence[Event]) -> Snapshot:
        """Return all rows after these batches of a history, which says where in the log each event stands."""
        return self._run(self._after(batches, {event.event_id: at for at, event in enumerate(history)}))

    async def _after(self, batches: Sequence[Sequence[Event]], places: Mapping[str, int]) -> Snapshot:
        connection = self._connection
        await connection.execute(f"truncate archive, dead_letters, {', '.join(STATE)}")
        for batch in batches:
            records = [make.a_record(event, offset=places.get(event.event_id, 0)) for event in batch]
            async with connection.transaction():
                await project(connection, records)
        assert await connection.fetch("select * from dead_letters") == []
        return {
            name: sorted((tuple(row) for row in await connection.fetch(query)), key=repr)
            for name, query in QUERIES.items()
        }


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[Database]:  # noqa: F811
    name = f"test_{secrets.token_hex(6)}"
    execute(postgres_server, f"create database {name}")
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(postgres_server, database=name))
        runner.run(upgrade(connection))
        yield Database(runner, connection)
        runner.run(connection.close())
    execute(postgres_server, f"drop database {name}")


@st.composite
def pair_histories(draw: st.DrawFn, pair_id: str) -> list[Event]:
    """Draw what may be said of one pair: revisions, ties in time, and verdicts on every resolution."""
    said: list[Event] = []
    nonce = count()
    slices = st.sampled_from(["code", "prose"])

    def about(kind: str) -> dict[str, Any]:
        minutes = draw(st.sampled_from([0, 0.5, 1, 70]))
        return {
            "pair_id": pair_id,
            "event_id": derived_id(kind, pair_id, next(nonce)),
            "occurred_at": make.NOON + timedelta(minutes=minutes),
        }

    builders = [make.a_pair_proposed, make.a_pair_judged, make.a_judgement_failed]
    said.extend(
        builder(**about("p"), slice=draw(slices))
        for builder in draw(st.lists(st.sampled_from(builders), max_size=4))
    )
    for route in draw(st.lists(st.sampled_from(["accept", "escalate"]), max_size=2)):
        audit, overlap = draw(st.booleans()), draw(st.integers(1, 3))
        said.append(make.a_pair_routed(**about("r"), route=route, audit=audit, overlap=overlap))
    for _ in range(draw(st.integers(0, 2))):
        revised = derived_id("r", pair_id, 0)
        said.append(make.a_pair_routed(**about("r"), revises=revised, overlap=draw(st.integers(1, 3))))
    for annotator in draw(st.lists(st.sampled_from(["ann", "bob", "cyd"]), max_size=4)):
        verdict, round_name = draw(st.sampled_from(Verdict)), draw(st.sampled_from(["annotate", "review"]))
        submitted = make.a_label_submitted(
            **about("l"),
            annotator=annotator,
            verdict=verdict,
            round=round_name,
            needs_specialist=draw(st.integers(0, 4)) == 0,
        )
        said.append(submitted)
        said.extend(
            make.a_label_withdrawn(**about("w"), label_id=submitted.event_id, annotator=annotator, by=by)
            for by in draw(st.lists(st.sampled_from(["lea", "rule"]), max_size=2))
        )
    said.extend(
        make.a_label_disputed(**about("d"), next_round=next_round, needed=draw(st.sampled_from([None, 1, 2])))
        for next_round in draw(st.lists(st.sampled_from(["annotate", "review", "adjudicate"]), max_size=2))
    )
    for label in draw(st.lists(st.sampled_from(Preference), max_size=2)):
        resolved = make.a_label_resolved(**about("s"), label=label)
        said.append(resolved)
        for builder in draw(
            st.lists(st.sampled_from([make.a_pair_validated, make.a_pair_rejected]), max_size=2)
        ):
            verdict_on = about("v") | {
                "occurred_at": resolved.occurred_at,
                "resolution_id": resolved.event_id,
            }
            said.append(builder(**verdict_on))
    return said


PROMPTS = (
    make.a_prompt_submitted(),
    make.a_prompt_curated(),
    make.a_prompt_set_aside(),
    make.a_prompt_submitted(prompt_id="prompt-2", occurred_at=make.NOON + timedelta(hours=1)),
)
histories = st.tuples(
    pair_histories("p1"), pair_histories("p2"), st.lists(st.sampled_from(PROMPTS), unique_by=id)
).map(lambda parts: [*parts[0], *parts[1], *parts[2]])


@st.composite
def arrivals(draw: st.DrawFn, history: Sequence[Event]) -> list[list[Event]]:
    """Draw an order, repetitions and batches."""
    again = draw(st.lists(st.sampled_from(history), max_size=4)) if history else []
    order = draw(st.permutations([*history, *again]))
    batches: list[list[Event]] = [[]]
    for event in order:
        if draw(st.booleans()):
            batches.append([])
        batches[-1].append(event)
    return batches


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), history=histories)
def test_order_repetition_and_batches_leave_no_trace(
    database: Database, data: st.DataObject, history: list[Event]
) -> None:
    expected = database.after([history], history)

    for batches in (data.draw(arrivals(history)), [[event] for event in reversed(history)]):
        assert database.after(batches, history) == expected

    assert expected["agreement_cells"] == recounted_cells(history)
    assert expected["funnel_buckets"] == recounted_funnel(history)
    assert_pairs_follow_the_latest(expected["pairs"], history)


def latest(events: Sequence[Any]) -> Any:
    return max(events, key=lambda event: (event.occurred_at, event.event_id), default=None)


def minute(event: Event) -> int:
    return int(event.occurred_at.timestamp()) // 60


def slices_of(history: Sequence[Event]) -> dict[str, str | None]:
    proposed = [event for event in history if isinstance(event, PairProposed)]
    return {
        pair_id: one.slice if (one := latest([p for p in proposed if p.pair_id == pair_id])) else None
        for pair_id in ("p1", "p2")
    }


def standing_labels(history: Sequence[Event]) -> list[LabelSubmitted]:
    withdrawn = {event.label_id for event in history if isinstance(event, LabelWithdrawn)}
    return [e for e in history if isinstance(e, LabelSubmitted) and e.event_id not in withdrawn]


def recounted_cells(history: Sequence[Event]) -> list[tuple[Any, ...]]:
    cells: Counter[tuple[Any, ...]] = Counter()
    for pair_id, slice_name in slices_of(history).items():
        labels = [label for label in standing_labels(history) if label.pair_id == pair_id]
        unit = [
            UnitLabel(
                annotator=label.annotator,
                category=Verdict.UNSURE if label.needs_specialist else label.verdict,
                minute=minute(label),
                order=(int(label.occurred_at.timestamp()), label.event_id),
            )
            for label in labels
        ]
        if slice_name is not None:
            cells.update({(slice_name, *cell): n for cell, n in contributions(unit).items()})
    return sorted(((*cell, n) for cell, n in cells.items()), key=repr)


def counters_of(event: Any) -> list[str]:
    match event.type:
        case "PairJudged" if event.label is not None:
            return ["judged"]
        case "PairJudged" | "JudgementFailed":
            return ["judged", "no_verdict"]
        case "PairRouted":
            route = "accepted" if event.route == "accept" else "escalated"
            return ["reopened"] if event.revises is not None else [route] + ["audited"] * event.audit
        case "LabelSubmitted":
            return ["labels"]
        case "PairProposed" | "LabelDisputed" | "LabelResolved" | "PairValidated" | "PairRejected":
            return [event.type.removeprefix("Pair").removeprefix("Label").lower()]
        case _:
            return []


def recounted_funnel(history: Sequence[Any]) -> list[tuple[Any, ...]]:
    slices = slices_of(history)
    buckets: Counter[tuple[Any, ...]] = Counter()
    standing = standing_labels(history)
    for event in history:
        if isinstance(event, LabelSubmitted) and event not in standing:
            continue
        for counter in counters_of(event):
            slice_name = slices[event.pair_id] if counter == "labels" else event.slice
            if slice_name is not None:
                buckets[slice_name, minute(event), counter] += 1
    return sorted(((*bucket, n) for bucket, n in buckets.items()), key=repr)


def assert_pairs_follow_the_latest(rows: Sequence[tuple[Any, ...]], history: Sequence[Any]) -> None:
    for row in rows:
        of_pair = [event for event in history if getattr(event, "pair_id", None) == row[0]]
        resolved = latest([event for event in of_pair if isinstance(event, LabelResolved)])
        verdicts = [e for e in of_pair if isinstance(e, PairValidated | PairRejected)]
        on_it = [verdict for verdict in verdicts if resolved and verdict.resolution_id == resolved.event_id]
        if any(getattr(event, "revises", None) for event in of_pair) and not resolved:
            assert row[-1] == "suspect"
        elif resolved and any(
            isinstance(event, LabelDisputed) and event.occurred_at > resolved.occurred_at for event in of_pair
        ):
            assert row[-1] == "disputed"
        elif on_it:
            rejected = any(isinstance(verdict, PairRejected) for verdict in on_it)
            assert row[-1] == ("rejected" if rejected else "validated")
        elif resolved:
            assert row[-1] == "resolved"
            assert resolved.label in row
        elif any(isinstance(event, LabelDisputed) for event in of_pair):
            assert row[-1] == "disputed"
