"""Simulated people at work in the console: over HTTP, as real ones do, each marked as simulated."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefstream.adapters.console_client import (
    AsyncConsole,
    LeasedTask,
    Refused,
    next_task,
    pair,
    release,
    shown,
    submit,
    undo,
)
from prefstream.domain.offline.people import Seen, SimulatedAnswer, SimulatedPerson, simulated_answer
from prefstream.domain.people import Role, rounds_of
from prefstream.domain.reliability.gold_choice import place as drawn
from prefstream.schemas.values import Preference, Verdict

#: Seconds before somebody without a task looks again.
IDLE_S = 0.5
#: What the console says when a task is no longer theirs; they go on with another.
_LOST = frozenset({"lease_expired", "stale_fence", "already_submitted", "too_late"})


@dataclass(slots=True, kw_only=True)
class PersonTally:
    """What one simulated person has done."""

    labels: Counter[str] = field(default_factory=Counter)
    #: Labels whose truth is known, and those of them on its side.
    known: int = 0
    right: int = 0
    undone: int = 0
    released: int = 0
    lost: int = 0
    #: Why the console gave them nothing more, e.g. that they are paused.
    stopped: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """Return the tally for machines."""
        return {
            "labels": sum(self.labels.values()),
            "by_round": dict(self.labels),
            "agreement_with_truth": self.right / self.known if self.known else None,
            "undone": self.undone,
            "released": self.released,
            "lost": self.lost,
            "stopped": self.stopped,
        }


@dataclass(slots=True, kw_only=True)
class Workplace:
    """What simulated people share: the truth, the clock's scale, and when to end."""

    #: By pair, which response is better.
    truths: Mapping[str, Preference]
    #: Asks for pairs, to know which side is which: simulated people are told by it what is right.
    reader: AsyncConsole
    #: How many times faster than real time they work; 0: without waiting.
    speed: float = 0.0
    #: Shares of tasks that are given back, and of labels that are taken back at once.
    released: float = 0.0
    undone: float = 0.0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    #: Labels after which all stop; `None`: not by their number.
    most_labels: int | None = None
    labels: int = 0
    _first: dict[str, str] = field(default_factory=dict)

    async def truth_shown(self, task: LeasedTask) -> Preference | None:
        """Return what is right as the task shows it: "A" is the left one."""
        truth = self.truths.get(task.task_id)
        if truth is None or task.left is None:
            return None
        if task.task_id not in self._first:
            told = await self.reader.ask(pair(task.task_id))
            self._first[task.task_id] = told["response_a"]["text"]
        return truth if task.left.text == self._first[task.task_id] else truth.swapped

    def count(self) -> None:
        """Count a label, and stop everybody at the last one."""
        self.labels += 1
        if self.most_labels is not None and self.labels >= self.most_labels:
            self.stop.set()

    async def wait(self, seconds: float) -> None:
        """Wait, in scaled time, or until all stop."""
        if self.speed > 0.0:
            await pause(self.stop, seconds / self.speed)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for some seconds, or until `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def work(person: SimulatedPerson, console: AsyncConsole, place: Workplace, tally: PersonTally) -> None:
    """Work until all stop, or the console lets this person work no more."""
    before: Verdict | None = None
    # Reviewers and leads leave to others what others can do.
    worked_s, rounds = 0.0, rounds_of(Role(person.role))[-1:]
    while not place.stop.is_set():
        try:
            task = await console.ask(next_task(rounds=rounds))
        except Refused as refused:
            if refused.status != 403:
                raise
            tally.stopped = str(refused)
            return
        if task is None:
            await pause(place.stop, IDLE_S)
            continue
        answer = await _answered(person, task, place, worked_h=worked_s / 3600, before=before)
        before = answer.verdict
        worked_s += answer.seconds
        try:
            await _handed_in(person, console, place, task, answer, tally)
        except Refused as refused:
            if refused.kind not in _LOST:
                raise
            tally.lost += 1


async def work_together(
    people: Sequence[tuple[SimulatedPerson, AsyncConsole]],
    place: Workplace,
    *,
    at_most_s: float | None = None,
) -> Mapping[str, PersonTally]:
    """Let people work side by side until they stop, and return what each has done.

    Raises:
        Refused: The console does not take what they do.
        Unavailable: The console does not answer.
    """
    tallies = {person.id: PersonTally() for person, _ in people}
    tasks = [asyncio.create_task(work(one, console, place, tallies[one.id])) for one, console in people]
    clock = asyncio.create_task(_stop_after(place.stop, at_most_s))
    try:
        await asyncio.gather(*tasks)
    finally:
        place.stop.set()
        for task in (*tasks, clock):
            task.cancel()
        await asyncio.gather(*tasks, clock, return_exceptions=True)
    return tallies


async def _stop_after(stop: asyncio.Event, seconds: float | None) -> None:
    if seconds is not None:
        await pause(stop, seconds)
        stop.set()


async def _answered(
    person: SimulatedPerson,
    task: LeasedTask,
    place: Workplace,
    *,
    worked_h: float,
    before: Verdict | None,
) -> SimulatedAnswer:
    texts = [turn.content for turn in task.messages] + [side.text for side in (task.left, task.right) if side]
    seen = Seen(
        task_id=task.task_id,
        slice=task.slice,
        round=task.round,
        truth=await place.truth_shown(task),
        characters=sum(map(len, texts)),
        said=_said(task.shown),
    )
    return simulated_answer(person, seen, worked_h=worked_h, before=before)


async def _handed_in(
    person: SimulatedPerson,
    console: AsyncConsole,
    place: Workplace,
    task: LeasedTask,
    answer: SimulatedAnswer,
    tally: PersonTally,
) -> None:
    await console.ask(shown(task))
    began_s = time.monotonic()
    await place.wait(answer.seconds)
    if _share(person, task, "release") < place.released:
        await console.ask(release(task))
        tally.released += 1
        return
    # The console believes no more than it measured itself; who does not wait at all says no time.
    taken_s = time.monotonic() - began_s if place.speed else None
    said = await console.ask(submit(task, answer.document, seconds=taken_s))
    if _share(person, task, "undo") < place.undone:
        await _undone(console, said.submission_id, answer, tally)
    tally.labels[task.round] += 1
    truth = await place.truth_shown(task)
    preference = answer.verdict.preference
    if truth is not None:
        tally.known += 1
        tally.right += preference is not None and _side(preference) == _side(truth)
    place.count()


async def _undone(
    console: AsyncConsole, submission_id: str, answer: SimulatedAnswer, tally: PersonTally
) -> None:
    """Take a label back and give it again, as somebody does who has slipped."""
    again = await console.ask(undo(submission_id))
    tally.undone += 1
    await console.ask(shown(again))
    await console.ask(submit(again, answer.document, seconds=None))


def _said(told: Mapping[str, Any] | None) -> Verdict | None:
    """Return the first of the labels that others gave, as shown."""
    labels = (told or {}).get("labels") or ()
    return Verdict(labels[0]["verdict"]) if labels else None


def _share(person: SimulatedPerson, task: LeasedTask, what: str) -> float:
    return drawn("simulation", person.seed, person.id, task.task_id, task.round, what)


def _side(preference: Preference) -> int:
    return (preference.margin > 0) - (preference.margin < 0)
