"""Any order, repetition and division into batches gives the same rows, and they equal a plain recount."""

import asyncio
import json
import math
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
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
from prefstream.schemas.values import ClauseVerdict, Preference, Verdict, Vote

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
#: Long, short, and one that declines.
TEXTS = st.sampled_from(
    ["Take two eggs and some flour.", "No idea.", "I'm sorry, but I can't help with that."]
)
VOTES = st.lists(
    st.builds(
        make.a_vote,
        order=st.sampled_from(["ab", "ba"]),
        verdict=st.sampled_from([None, *Verdict]),
        clause_verdicts=st.sampled_from(
            [
                (),
                (ClauseVerdict(clause="honesty", verdict="A"),),
                (ClauseVerdict(clause="honesty", verdict="not_applicable"),),
            ]
        ),
        unpriced_calls=st.integers(0, 1),
    ),
    max_size=3,
).map(tuple)
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
    for builder in draw(st.lists(st.sampled_from(builders), max_size=4)):
        more: dict[str, Any] = {}
        if builder is make.a_pair_proposed:
            more = {side: make.a_response(draw(TEXTS)) for side in ("response_a", "response_b")}
        elif builder is make.a_pair_judged:
            more = {"votes": draw(VOTES), "label": draw(st.sampled_from([None, *Preference]))}
        said.append(builder(**about("p"), slice=draw(slices), **more))
    said.extend(
        make.a_gold_answered(**about("g"), slice=draw(slices), right=right)
        for right in draw(st.lists(st.booleans(), max_size=2))
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
            sides=draw(st.sampled_from(["ab", "ba"])),
            clauses=draw(st.sampled_from([(), ("honesty",)])),
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
        method = draw(st.sampled_from(["consensus", "judge"]))
        resolved = make.a_label_resolved(**about("s"), label=label, method=method)
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
    assert expected["measure_buckets"] == recounted_measures(history, expected["pairs"])
    assert expected["measure_rollups"] == rolled_up(
        [
            *expected["measure_buckets"],
            *((*row[:2], "funnel", *row[2:]) for row in expected["funnel_buckets"]),
        ]
    )
    assert expected["agreement_rollups"] == rolled_up(expected["agreement_cells"])
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


def recounted_measures(history: Sequence[Any], pairs: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    slices = slices_of(history)
    buckets: Counter[tuple[Any, ...]] = Counter()
    for label in standing_labels(history):
        if (slice_name := slices[label.pair_id]) is not None:
            for measure, key in said_by_label(label):
                buckets[slice_name, minute(label), measure, key] += 1
    for event in history:
        for (measure, key), n in said_by_event(event).items():
            buckets[event.slice, minute(event), measure, key] += n
    for pair_id, row, _, status in pairs:
        if (slice_name := slices[pair_id]) is not None:
            counted = said_by_pair([event for event in history if getattr(event, "pair_id", "") == pair_id])
            for moment, measure, key in counted:
                buckets[slice_name, moment, measure, key] += 1
            if status == "validated":
                verdict_at = datetime.fromisoformat(json.loads(row)["verdict_at"])
                buckets[slice_name, int(verdict_at.timestamp()) // 60, "usable", "validated"] += 1
    return sorted(((*bucket, n) for bucket, n in buckets.items() if n), key=repr)


def said_by_label(label: LabelSubmitted) -> list[tuple[str, str]]:
    said = [("trace", "people:cited" if label.clauses else "people:bare")]
    if not label.needs_specialist and label.verdict[0] in "AB":
        first = (label.verdict[0] == "A") == (label.sides == "ab")
        said.append(("position", "people:first" if first else "people:second"))
    return said


def said_by_event(event: Any) -> Counter[tuple[str, str]]:
    if event.type == "GoldAnswered":
        return Counter([("gold", "right" if event.right else "wrong")])
    return said_by_votes(event.votes) if event.type == "PairJudged" else Counter()


def said_by_votes(votes: Sequence[Vote]) -> Counter[tuple[str, str]]:
    said: Counter[tuple[str, str]] = Counter()
    said["judging", "nanousd"] = sum(vote.cost_nanousd for vote in votes)
    said["judging", "unpriced_calls"] = sum(vote.unpriced_calls for vote in votes)
    orders = {vote.order for vote in votes}
    for vote in votes:
        if vote.verdict is None:
            continue
        cited = any(one.verdict == "A" for one in vote.clause_verdicts)
        said["trace", "judge:cited" if cited else "judge:bare"] += 1
        if len(orders) == 2 and vote.verdict[0] in "AB":
            first = (vote.verdict[0] == "A") == (vote.order == "ab")
            said["position", "judge:first" if first else "judge:second"] += 1
    return said


def said_by_pair(of_pair: Sequence[Any]) -> list[tuple[int, str, str]]:
    """Return what the resolution that stands counts for, from the events of one pair."""
    resolved = latest([event for event in of_pair if event.type == "LabelResolved"])
    disputed = latest([event for event in of_pair if event.type == "LabelDisputed"])
    reopened = latest([event for event in of_pair if getattr(event, "revises", None)])
    if resolved is None or (disputed and disputed.occurred_at > resolved.occurred_at):
        return []
    by_people = resolved.method != "judge"
    if reopened and not by_people:
        return []
    proposed = latest([event for event in of_pair if event.type == "PairProposed"])
    judged = latest([event for event in of_pair if event.type in {"PairJudged", "JudgementFailed"}])
    route = next((event for event in of_pair if event.type == "PairRouted" and not event.revises), None)
    label, judge_label = resolved.label[0], getattr(judged, "label", None)
    said = [("informative", "no" if label == "=" else "yes")]
    if by_people and judge_label:
        same = "agree" if judge_label[0] == label else "differ"
        said.append(("judge_all", same))
        if route and route.audit:
            said.append(("judge_audited", same))
    texts = {"A": proposed.response_a.text, "B": proposed.response_b.text}
    refusals = [side for side, text in texts.items() if "sorry" in text]
    if len(refusals) == 1:
        said.append(("refusal", "won" if label == refusals[0] else "not_won"))
    if len(texts["A"]) != len(texts["B"]):  # the three texts differ by far more than a tenth
        longer = max(texts, key=lambda side: len(texts[side]))
        for who, preferred in (
            ("final", label),
            ("people", label if by_people else "="),
            ("judge", judge_label),
        ):
            if preferred and preferred[0] in "AB":
                said.append(("length", f"{who}:{'longer' if preferred[0] == longer else 'shorter'}"))
    asked = reopened or (route if route and (route.audit or route.route == "escalate") else None)
    if by_people and asked:
        waited_s = max(0.0, (resolved.occurred_at - asked.occurred_at).total_seconds())
        step = 0 if waited_s < 1 else int(math.log(waited_s * (1 + 1e-12), 1.2)) + 1
        said.append(("wait", str(step)))
    return [(minute(resolved), measure, key) for measure, key in said]


def rolled_up(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    sums: Counter[tuple[Any, ...]] = Counter()
    for slice_name, at, *key, n in rows:
        sums[slice_name, "hour", at // 60 * 60, *key] += n
        sums[slice_name, "day", at // 1440 * 1440, *key] += n
        sums[slice_name, "all", 0, *key] += n
    return sorted(((*place, n) for place, n in sums.items()), key=repr)


def assert_pairs_follow_the_latest(rows: Sequence[tuple[Any, ...]], history: Sequence[Any]) -> None:
    for row in rows:
        of_pair = [event for event in history if getattr(event, "pair_id", None) == row[0]]
        resolved = latest([event for event in of_pair if isinstance(event, LabelResolved)])
        verdicts = [e for e in of_pair if isinstance(e, PairValidated | PairRejected)]
        on_it = [verdict for verdict in verdicts if resolved and verdict.resolution_id == resolved.event_id]
        if any(getattr(event, "revises", None) for event in of_pair) and (
            not resolved or resolved.method == "judge"
        ):
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
