"""The calibrator: looks at the audit sample now and then, and says what it asks for.

It keeps nothing: what it decides follows from the sample in Postgres and the policies in the log, so
that one that was killed goes on where the other stopped, and says nothing twice.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import structlog

from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import AWAY, connect
from prefstream.adapters.settings import Settings
from prefstream.agents.policies import said
from prefstream.domain.policies import Calibration, PolicyBook, Rules, Step, next_step, wanted
from prefstream.domain.policies.certifying import FixedSequence
from prefstream.domain.policies.sample import AuditedPair
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Unavailable
from prefstream.streams.alerting import run_gauges
from prefstream.streams.audit_sample import audit_sample, sample_moved
from prefstream.streams.engine import Tally
from prefstream.streams.intake import group_lock
from prefstream.streams.policy_book import policy_book
from prefstream.streams.publication import say
from prefstream.streams.quality_process import run_quality
from prefstream.streams.surroundings import Surroundings, together
from prefstream.streams.topology import process_group

log = structlog.get_logger(__name__)

#: Steps that may follow each other at one look: an alarm, a proposal, an audit.
_MOST_STEPS = 8


def rules_of(settings: Settings) -> Rules:
    """Return the rules that the settings state."""
    chosen = settings.calibration
    return Rules(
        calibration=Calibration(
            name=chosen.name,
            alpha=chosen.alpha,
            delta=chosen.delta,
            pooled=chosen.pooled,
            audit_share=chosen.audit_share,
            audit_seed=chosen.audit_seed,
            overlap=settings.overlap,
        ),
        min_labels=chosen.min_labels,
        activate=chosen.activate,
        arl=chosen.mean_pairs_to_false_alarm,
    )


@dataclass(slots=True, kw_only=True)
class Calibrator:
    """Looks at the sample and takes the steps it asks for."""

    pool: asyncpg.Pool
    log: Log
    rules: Rules
    tally: Tally = field(default_factory=Tally)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    #: How many records' rows were looked at: the tally counts records, as that of a stage does.
    _seen: int = -1

    async def run(self, stop: asyncio.Event, *, every_s: float) -> None:
        """Look until `stop` is set.

        Raises:
            Unavailable: Database or log is away.
        """
        while not stop.is_set():
            try:
                await self.look()
            except AWAY as error:
                raise Unavailable(
                    f"the calibrator lost its database: {error or type(error).__name__}"
                ) from error
            try:
                await asyncio.wait_for(stop.wait(), every_s)
            except TimeoutError:
                continue

    async def look(self) -> list[Event]:
        """Take every step that the sample asks for and return what was said."""
        moved = await sample_moved(self.pool)
        if moved == self._seen:
            return []
        self.tally.received = moved
        book = await policy_book(self.pool, self.log)
        # Where nothing is to be certified or watched, the sample need not be read at every move.
        pairs = await audit_sample(self.pool) if wanted(book, self.rules) else []
        events: list[Event] = []
        for _ in range(_MOST_STEPS):
            step = await asyncio.to_thread(self._next, pairs, book)
            if step is None:
                self._seen = self.tally.done = moved
                break
            news = said(step, book=book, now=self.clock())
            await say(self.log, news)
            for event in news:
                log.info("calibrator.said", type=event.type, subject=event.subject)
            events += news
            book = await policy_book(self.pool, self.log)
        self.tally.outputs += len(events)
        return events

    def _next(self, pairs: list[AuditedPair], book: PolicyBook) -> Step | None:
        return next_step(pairs, book=book, rules=self.rules, certifier=FixedSequence())


async def run_calibrator(around: Surroundings) -> None:
    """Be the one calibrator of the deployment, until told to stop.

    Raises:
        Unavailable: Database or log is away, and with the database the place.
    """
    connection = await connect(around.places.dsn.get_secret_value())
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        if not await group_lock(connection, process_group(around.name), stop=around.stop):
            return
        calibrator = Calibrator(pool=around.pool, log=around.log, rules=rules_of(around.settings))
        around.tallies["calibrator"] = calibrator.tally
        around.active.set()
        every_s = around.settings.calibration.every_s
        work = (
            calibrator.run(around.stop, every_s=every_s),
            run_quality(around),
            run_gauges(around),
            _held(lost, around.stop),
        )
        await together(around, *(asyncio.create_task(one) for one in work))
    finally:
        await connection.close(timeout=5)


async def _held(lost: asyncio.Event, stop: asyncio.Event) -> None:
    """Return when told to stop; a lost connection loses the place of the one calibrator."""
    waiting = [asyncio.create_task(event.wait()) for event in (lost, stop)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if lost.is_set() and not stop.is_set():
        raise Unavailable("the connection that holds the calibrator's place was lost")
