"""The calibrator on a real database and log: what it reads, and that a crash leaves no trace."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from tests import factories as make

from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.projections import project
from prefstream.domain.policies import Calibration, Rules
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.ids import derived_id
from prefstream.schemas.policies import PolicyProposed
from prefstream.schemas.records import OutRecord
from prefstream.schemas.routes import Reason, ReasonCode
from prefstream.schemas.values import Preference, Provenance, Verdict
from prefstream.streams.audit_sample import audit_sample
from prefstream.streams.calibrator import Calibrator
from prefstream.streams.policy_book import policy_book

pytestmark = pytest.mark.postgres

RULES = Rules(calibration=Calibration(audit_share=0.2, alpha=0.2), min_labels=40, activate="automatic")
ABOVE = Reason(code=ReasonCode.AT_OR_ABOVE_THRESHOLD, clause="prefstream:at_or_above_threshold")
RULED = Reason(code=ReasonCode.MANDATORY, clause="P1")


class Rows:
    """Rows written by the sink's own projection, as of a log that was read to its end."""

    def __init__(self, log: PostgresLog) -> None:
        self.log = log
        self._offset = 0

    async def take(self, *events: Event) -> None:
        records = [make.a_record(one, offset=self._offset + place) for place, one in enumerate(events)]
        self._offset += len(events)
        async with self.log.pool.acquire() as connection, connection.transaction():
            await project(connection, records)
            await connection.execute(
                "insert into sink_offsets values ('labels.submitted.v1', 0, $1, 0)"
                " on conflict (topic, partition) do update set next_offset = excluded.next_offset",
                self._offset,
            )


@pytest_asyncio.fixture
async def rows(log: PostgresLog) -> AsyncIterator[Rows]:
    yield Rows(log)


def an_audited_pair(number: int, *, policy_id: str, wrong: bool = False, **route: Any) -> list[Event]:
    """Return all events of one audited pair with the label of one person."""
    pair_id, moment = f"p{number:04}", make.NOON + timedelta(minutes=number)
    said = (Preference.A_BETTER, Preference.B_BETTER)[number % 2]
    about = {"pair_id": pair_id, "occurred_at": moment}
    routed = {
        "route": "accept",
        "audit": True,
        "reasons": (ABOVE,),
        "policy_id": policy_id,
        "propensity": 1.0,
    }
    person = Verdict(said.swapped.value if wrong else said.value)
    return [
        make.a_pair_proposed(**about),
        make.a_pair_judged(**about, label=said),
        make.a_pair_routed(**about | routed | route),
        make.a_label_submitted(pair_id=pair_id, occurred_at=moment + timedelta(seconds=9), verdict=person),
    ]


def a_calibrator(log: PostgresLog, rules: Rules = RULES) -> Calibrator:
    return Calibrator(pool=log.pool, log=log, rules=rules, clock=lambda: make.NOON)


async def test_the_sample_is_the_audited_pairs_with_the_first_label_of_a_fresh_person(rows: Rows) -> None:
    await rows.take(
        *an_audited_pair(1, policy_id="x"),
        make.a_label_submitted(
            pair_id="p0001",
            annotator="later",
            verdict=Verdict.B_MUCH_BETTER,
            occurred_at=make.NOON + timedelta(hours=2),
        ),
        make.a_label_submitted(
            pair_id="p0001",
            annotator="reviewer",
            round="review",
            verdict=Verdict.UNSURE,
            occurred_at=make.NOON,
        ),
        *an_audited_pair(2, policy_id="x", audit=False),
        *an_audited_pair(3, policy_id="x", reasons=(RULED,), route="escalate"),
        *an_audited_pair(4, policy_id="x")[:-1],
    )

    first, ruled = await audit_sample(rows.log.pool)

    assert (first.pair_id, first.verdict, first.judge_label) == (
        "p0001",
        Verdict.B_BETTER,
        Preference.B_BETTER,
    )
    assert (first.agrees, first.accepted, first.eligible, first.propensity) == (True, True, True, 1.0)
    assert (first.judge_id, first.constitution_id) == (make.JUDGE, make.CONSTITUTION)
    assert first.provenance is Provenance.REAL
    assert (ruled.pair_id, ruled.eligible, ruled.accepted) == ("p0003", False, False)


async def test_a_judgement_that_came_after_the_route_is_not_in_the_sample(rows: Rows) -> None:
    later = make.a_pair_judged(
        pair_id="p0001",
        event_id=derived_id("test", "again"),
        occurred_at=make.NOON + timedelta(days=1),
        judge_id="panel-2",
    )
    await rows.take(*an_audited_pair(1, policy_id="x"), later)

    assert await audit_sample(rows.log.pool) == []


async def certified(rows: Rows) -> str:
    """Let a calibrator certify, and return the policy in force."""
    calibrator = a_calibrator(rows.log)
    (begun,) = await calibrator.look()
    for number in range(60):
        await rows.take(*an_audited_pair(number, policy_id=begun.subject, wrong=number % 20 == 0))
    proposed, published, superseded = await calibrator.look()
    assert isinstance(proposed, PolicyProposed)
    assert [proposed.subject, published.subject] == [proposed.policy_id] * 2
    assert superseded.subject == begun.subject
    return proposed.policy_id


async def test_it_certifies_by_itself_and_then_has_nothing_to_say(rows: Rows) -> None:
    policy_id = await certified(rows)

    assert await a_calibrator(rows.log).look() == [], "another one finds nothing left to do"
    book = await policy_book(rows.log.pool, rows.log)
    assert book.active is not None
    assert (book.active.policy_id, len(book.entries)) == (policy_id, 2)


class Stumbling:
    """A log whose writer takes some events and then breaks."""

    def __init__(self, log: PostgresLog, after: int) -> None:
        self._log = log
        self.left = after

    async def writer(self) -> LogWriter:
        self._writer = await self._log.writer()
        return self

    async def append(self, records: Sequence[OutRecord]) -> None:
        if self.left < len(records):
            raise Unavailable("the log is away")
        self.left -= len(records)
        await self._writer.append(records)

    async def close(self) -> None:
        await self._writer.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


@pytest.mark.parametrize("after", range(4))
async def test_one_that_dies_between_two_events_is_continued_without_saying_anything_twice_differently(
    rows: Rows, after: int
) -> None:
    (begun,) = await a_calibrator(rows.log).look()
    for number in range(60):
        await rows.take(*an_audited_pair(number, policy_id=begun.subject))
    dying = Calibrator(pool=rows.log.pool, log=Stumbling(rows.log, after), rules=RULES)
    if after < 3:
        with pytest.raises(Unavailable):
            await dying.look()
    else:
        await dying.look()

    await a_calibrator(rows.log).look()

    said = [record async for record in rows.log.snapshot("policies.published.v1")]
    await rows.take()
    async with rows.log.pool.acquire() as connection, connection.transaction():
        told = await project(connection, said)
    assert told.conflicts == 0
    book = await policy_book(rows.log.pool, rows.log)
    assert book.active is not None
    assert book.active.policy is not None
    assert book.active.policy.slices["arithmetic"].threshold is not None
    assert book.entry(begun.subject).status == "superseded"


async def test_drift_revokes_the_policy_and_alerts(rows: Rows) -> None:
    policy_id = await certified(rows)
    for number in range(60, 75):
        await rows.take(*an_audited_pair(number, policy_id=policy_id, wrong=True))

    types = [event.type for event in await a_calibrator(rows.log).look()]

    assert types[:2] == ["AlertRaised", "PolicyRevoked"]
    book = await policy_book(rows.log.pool, rows.log)
    assert book.entry(policy_id).alarmed
    assert book.active is not None
    assert book.active.policy is not None
    assert book.active.policy.slices == {}, "the only slice waits for a clean window"
    assert book.active.policy.audit_share == 1.0
