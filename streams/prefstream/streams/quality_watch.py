"""The watch over quality: looks at how people work, and does by rule what may be done so."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import structlog

from prefstream.adapters.postgres.console import quality_acts, quality_labels, quality_people
from prefstream.adapters.postgres.console.quality_acts import Assessed, WantedAct
from prefstream.adapters.settings import QualitySettings
from prefstream.domain.reliability import (
    RULE,
    Finding,
    Proposal,
    Work,
    habits_of,
)
from prefstream.domain.reliability.judged_work import Shown, judged_work
from prefstream.schemas.codec import ERASED
from prefstream.schemas.envelope import Event
from prefstream.schemas.values import Verdict
from prefstream.streams.calibration_sets import drawn_set, queue

log = structlog.get_logger(__name__)

#: Habits are read from so many last labels, when so many are new.
_LABELS, _NEW = 1000, 5
_DRAW_AGAIN_S = 300.0


@dataclass(slots=True, kw_only=True)
class QualityWatch:
    """Looks at how people work, again and again."""

    pool: asyncpg.Pool
    settings: QualitySettings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _mark: str = "0"
    _drew_at: datetime | None = None
    #: Labels since their author's habits were last looked at.
    _new: dict[str, int] = field(default_factory=dict)

    async def look(self) -> Sequence[Event]:
        """Do all that is to be done now, and return what is said of it."""
        said = list(await self._draw())
        busy, concerned = await self._moved()
        for person_id in busy:
            if await self._habits(person_id):
                concerned.add(person_id)
        for person_id in sorted(concerned):
            said += await self._rules(person_id)
        return said

    async def _draw(self) -> Sequence[Event]:
        """Draw the week's set; what it is drawn from is not read through at every look."""
        now = self.clock()
        if self._drew_at is not None and (now - self._drew_at).total_seconds() < _DRAW_AGAIN_S:
            return ()
        self._drew_at = now
        return await drawn_set(self.pool, self.settings, now=now)

    async def _moved(self) -> tuple[list[str], set[str]]:
        """Return who has labelled enough to look at their habits again, and who has answered gold."""
        async with self.pool.acquire() as connection, connection.transaction():
            mark = await quality_labels.mark(connection)
            for person_id, labels in (await quality_labels.busy(connection, self._mark)).items():
                self._new[person_id] = self._new.get(person_id, 0) + labels
            answered = await quality_labels.answered_gold(connection, self._mark)
        self._mark = mark
        busy = sorted(name for name, labels in self._new.items() if labels >= _NEW)
        for name in busy:
            del self._new[name]
        return busy, answered

    async def _habits(self, person_id: str) -> bool:
        """Look at how a person works; return whether anything new was found."""
        (known,) = await quality_people.known(self.pool, person_id)
        rows = await quality_labels.last_work(self.pool, person_id, most=_LABELS)
        works = [_work(row) for row in rows]
        times = {row["id"]: row["occurred_at"] for row in rows}
        since = known.last_label_at
        new = [at for at in times.values() if since is None or at > since]
        if not new:
            return False
        habits = await asyncio.to_thread(habits_of, works)
        # What an older label raised was found at an earlier look, or lay then within a longer stretch.
        fresh = [(one, at) for one in habits.findings if (at := times[one.raised_by]) >= min(new)]
        async with self.pool.acquire() as connection, connection.transaction():
            await quality_people.keep_findings(
                connection,
                person_id,
                labels=len(new),
                worked_s=habits.worked_s,
                last_label_at=max(new),
                fresh=fresh,
            )
        for one, _ in fresh:
            _tell(person_id, one)
        return bool(fresh)

    async def _rules(self, person_id: str) -> Sequence[Event]:
        """Do what the settings let a rule do about a person."""
        said: list[Event] = []
        (one,) = await quality_acts.assessments(self.pool, person_id)
        for wanted in self._wanted(one):
            async with self.pool.acquire() as connection, connection.transaction():
                events = await quality_acts.act(
                    connection, wanted, questions=self.settings.training_questions, now=self.clock()
                )
                await queue(connection, events)
                said += events
        return said

    def _wanted(self, one: Assessed) -> Sequence[WantedAct]:
        person_id, done = one.known.person_id, one.known.done
        found = [self._by_rule(person_id, proposal) for proposal in one.assessment.proposals]
        acts = {(act.action, act.cause): act for act in found if act is not None}
        return [act for name, act in acts.items() if name not in done]

    def _by_rule(self, person_id: str, proposal: Proposal) -> WantedAct | None:
        action = "pause" if proposal.by_gold else "warn" if proposal.action == "warn" else None
        if action == "pause" and self.settings.pause:
            return WantedAct(
                person_id=person_id, action="pause", why=proposal.why, by=RULE, cause=proposal.cause
            )
        if action == "warn" and self.settings.warn:
            return WantedAct(
                person_id=person_id, action="warn", why=proposal.why, by=RULE, cause=proposal.cause
            )
        return None


def _work(row: dict[str, Any]) -> Work:
    return judged_work(
        Shown(
            label_id=row["id"],
            occurred_at=row["occurred_at"],
            verdict=Verdict(row["verdict"]),
            sides=row["sides"],
            seconds=row["seconds"],
            round=row["round"],
            characters=_characters(row),
            judge_label=row["judge_label"],
            decided=row["resolved"] if row["method"] == "adjudication" else None,
        )
    )


def _characters(row: dict[str, Any]) -> int:
    """Return how much there was to read; of a very long text the bytes say it well enough."""
    if row["proposal"] in (None, ERASED):
        return int(row["bytes"] or 0)
    said = orjson.loads(row["proposal"])
    texts = [one["content"] for one in said["messages"]]
    return sum(map(len, [*texts, said["response_a"]["text"], said["response_b"]["text"]]))


def _tell(person_id: str, one: Finding) -> None:
    log.info("habit.found", annotator=person_id, habit=one.kind, labels=one.labels, shown=one.shown)
