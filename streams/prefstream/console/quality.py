"""Quality between the work: gold questions and calibration sets, and what is said beside a task."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import quality_gold, quality_sets, quality_states
from prefstream.adapters.postgres.console.quality_gold import GivenAnswer, GoldItem
from prefstream.adapters.postgres.console.quality_seed import seed_of
from prefstream.adapters.postgres.console.quality_sets import GivenSetAnswer
from prefstream.adapters.settings import QualitySettings
from prefstream.console.quality_port import Answered, Asides, Turn
from prefstream.domain.reliability import (
    PAUSE_S,
    Shares,
    as_shown,
    gold_item,
    is_right,
    next_slice,
    order_for,
    question_turn,
    rest_due,
    spell_after,
    week_of,
)
from prefstream.domain.reliability.gold_choice import place
from prefstream.domain.tasks import Lease, Worker
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.people import CalibrationAnswered, GoldAnswered
from prefstream.schemas.values import Verdict


class LiveQuality:
    """What the queue asks of quality, answered from the tables."""

    def __init__(self, settings: QualitySettings, seed: str) -> None:
        self._settings = settings
        self._seed = seed

    async def turn(
        self, connection: Connection, person: Worker, slices: Sequence[str] | None, now: datetime
    ) -> Turn | None:
        """Return the question that this turn takes instead of work."""
        chosen, week = self._settings, week_of(now.date())
        at = await quality_states.place_of(connection, person.person_id, week)
        kind = question_turn(
            person.person_id,
            at.turn,
            seed=self._seed,
            shares=Shares(gold=chosen.gold_share, calibration=chosen.calibration_share),
            training=at.training_left > 0,
            calibrating=at.calibrating,
            # Without a word about slices there may be work in any of them.
            work_open=slices is None or bool(slices),
        )
        skills = None if person.skills is None else sorted(person.skills)
        if kind == "training":
            return await self._training(connection, person.person_id, skills)
        if kind == "gold":
            # In the slice of the work whose place it takes, or whoever looks at slices would see it.
            return await self._gold(connection, person.person_id, at.turn, slices or skills, week)
        if kind == "calibration":
            return await self._calibration(connection, person.person_id, skills, week)
        return None

    async def prefer(
        self, connection: Connection, person: Worker, slices: Sequence[str] | None
    ) -> str | None:
        """Return the slice from which work would do the person good now."""
        offered = await quality_states.open_slices(connection, slices)
        if len(offered) < 2:
            return None
        state = await quality_states.state_of(connection, person.person_id)
        return next_slice(
            person.person_id,
            offered=offered,
            history=state.stretch,
            seed=self._seed,
            stretch=self._settings.stretch,
        )

    async def asides(self, connection: Connection, person: Worker, now: datetime) -> Asides:
        """Return what the person is told with the next task."""
        notices = await quality_states.notices(connection, person.person_id)
        state = await quality_states.state_of(connection, person.person_id)
        worked_s = rest_due(state.spell, now=now, after_s=self._settings.rest_after_min * 60)
        rest = None if worked_s is None else {"worked_s": round(worked_s), "pause_s": round(PAUSE_S)}
        return Asides(notice="\n".join(notices) or None, rest=rest)

    async def answered(self, connection: Connection, lease: Lease, label: LabelSubmitted) -> Answered:
        """Take the answer to a gold or calibration question; nobody's label is said."""
        await self._remember(connection, lease, label)
        if lease.purpose == "calibration":
            return Answered(events=await _set_answered(connection, lease, label))
        item = await quality_gold.item(connection, lease.pair_id)
        if item is None:
            return Answered()
        state = await quality_states.state_of(connection, lease.person_id)
        # A question of the training may still lie open when the training is over.
        taught = await quality_gold.taught(connection, lease.person_id, lease.pair_id)
        training = state.training_left > 0 or taught
        answer = _given(label, item, training=training, told=training or self._settings.feedback)
        if not await quality_gold.note(connection, answer):
            return Answered()
        if training and answer.correct:
            await quality_states.learned(connection, lease.person_id, at=label.occurred_at)
        feedback = _feedback(answer, item) if answer.told else None
        return Answered(events=[_gold_answered(label, answer)], feedback=feedback)

    async def worked(self, connection: Connection, lease: Lease, label: LabelSubmitted) -> None:
        """Take note of a label that was given in work."""
        await self._remember(connection, lease, label)

    async def undone(self, connection: Connection, lease: Lease, submission_id: str) -> None:
        """Forget an answer that its author took back."""
        if lease.purpose == "gold":
            await quality_gold.take_back(connection, submission_id)
        if lease.purpose == "calibration":
            await quality_sets.take_back(connection, submission_id)

    async def _remember(self, connection: Connection, lease: Lease, label: LabelSubmitted) -> None:
        state = await quality_states.state_of(connection, lease.person_id)
        spell = spell_after(state.spell, at=label.occurred_at, seconds=label.seconds)
        await quality_states.worked(connection, lease.person_id, spell, lease.slice)

    async def _training(
        self, connection: Connection, person_id: str, slices: Sequence[str] | None
    ) -> Turn | None:
        found = await quality_gold.training_item(connection, person_id, slices)
        return None if found is None else Turn(pair_id=found[0], slice=found[1], purpose="gold")

    async def _gold(
        self, connection: Connection, person_id: str, turn: int, slices: Sequence[str] | None, week: str
    ) -> Turn | None:
        pools = await quality_gold.unseen(connection, person_id, slices)
        usable = {
            name: chosen
            for name, pool in pools.items()
            if (chosen := gold_item(pool, person_id, answered=set(), week=week, seed=self._seed)) is not None
        }
        if not usable:
            return None
        name = min(usable, key=lambda one: place("gold-slice", self._seed, person_id, str(turn), one))
        return Turn(pair_id=usable[name], slice=name, purpose="gold")

    async def _calibration(
        self, connection: Connection, person_id: str, slices: Sequence[str] | None, week: str
    ) -> Turn | None:
        left = await quality_sets.left(connection, week, person_id, slices)
        if not left:
            return None
        first = order_for(person_id, left, week=week, seed=self._seed)[0]
        return Turn(pair_id=first, slice=left[first], purpose="calibration")


async def live_quality(pool: asyncpg.Pool, settings: QualitySettings) -> LiveQuality:
    """Return quality as a deployment has it."""
    return LiveQuality(settings, await seed_of(pool, settings.seed.get_secret_value()))


async def _set_answered(connection: Connection, lease: Lease, label: LabelSubmitted) -> Sequence[Event]:
    # The set it was served from, even if the week is over meanwhile.
    week = week_of(lease.leased_at.date())
    expected = await quality_sets.expected_of(connection, week, lease.pair_id)
    if expected is None:
        return ()
    answer = GivenSetAnswer(
        week=week,
        annotator=label.annotator,
        pair_id=lease.pair_id,
        event_id=label.event_id,
        verdict=label.verdict,
        correct=is_right(label.verdict, expected),
        answered_at=label.occurred_at,
        seconds=label.seconds,
        provenance=label.provenance,
    )
    if not await quality_sets.note(connection, answer):
        return ()
    return [
        CalibrationAnswered(
            **_envelope(label),
            week=week,
            annotator=label.annotator,
            pair_id=lease.pair_id,
            slice=lease.slice,
            verdict=label.verdict,
            seconds=label.seconds,
            sides=label.sides,
            provenance=label.provenance,
        )
    ]


def _given(label: LabelSubmitted, item: GoldItem, *, training: bool, told: bool) -> GivenAnswer:
    return GivenAnswer(
        event_id=label.event_id,
        person_id=label.annotator,
        pair_id=item.pair_id,
        slice=item.slice,
        verdict=label.verdict,
        expected=item.expected,
        correct=is_right(label.verdict, item.expected),
        sides=label.sides,
        seconds=label.seconds,
        training=training,
        told=told,
        answered_at=label.occurred_at,
        provenance=label.provenance,
    )


def _gold_answered(label: LabelSubmitted, answer: GivenAnswer) -> GoldAnswered:
    return GoldAnswered(
        **_envelope(label),
        annotator=answer.person_id,
        pair_id=answer.pair_id,
        slice=answer.slice,
        verdict=answer.verdict,
        expected=answer.expected,
        right=answer.correct,
        seconds=answer.seconds,
        sides=answer.sides,
        provenance=answer.provenance,
    )


def _envelope(label: LabelSubmitted) -> dict[str, Any]:
    """Return the envelope of what is said in the place of a label."""
    return {
        "event_id": label.event_id,
        "occurred_at": label.occurred_at,
        "source": label.source,
        "subject": label.annotator,
        "correlation_id": label.pair_id,
    }


def _feedback(answer: GivenAnswer, item: GoldItem) -> dict[str, Any]:
    """Return what the person is told, on the sides that they saw."""
    expected: Verdict = as_shown(item.expected, answer.sides)
    return {
        "right": answer.correct,
        "expected": expected.value,
        "why": item.why,
        "clauses": list(item.clauses),
    }
