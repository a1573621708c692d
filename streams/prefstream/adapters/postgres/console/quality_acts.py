"""Acts of quality: decided in the domain, written here, said by whoever calls.

Everything happens in the caller's transaction, with its row in the audit trail; the events that are
returned belong into the outbox of the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import audit, quality_gold, quality_people, quality_states
from prefstream.adapters.postgres.console.quality_gold import GoldItem
from prefstream.adapters.postgres.console.quality_people import Known
from prefstream.domain.reliability import RULE, Act, ActKind, Assessment, assessed, events_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.schemas.people import GoldChosen, GoldRetired
from prefstream.schemas.values import Provenance, Verdict

#: Whoever acts at the command line of the deployment without saying who they are.
COMMAND_LINE = "command line"
#: Training questions somebody needs at least, or the one before them is the one that comes next.
_FEWEST_QUESTIONS = 2
_SOURCE = "prefstream/quality"


class NobodySuch(BadInput):
    """There is no such person, pair or question."""


class NotNow(BadInput):
    """It does not go together with how things are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAct:
    """What somebody wants done about a person."""

    person_id: str
    action: ActKind
    why: str
    #: A person, or `RULE`; `None`: the command line.
    by: str | None
    until: datetime | None = None
    #: The finding it answers.
    cause: str = ""
    #: Withdraw: labels given after this; a finding says so itself.
    after: datetime | None = None
    #: Withdraw: all labels of the person.
    everything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """A person with their record and what it asks for."""

    known: Known
    assessment: Assessment


async def assessments(source: Connection | asyncpg.Pool, person_id: str | None = None) -> list[Assessed]:
    """Return who labels, by name, or one person; nobody is ranked.

    Raises:
        NobodySuch: There is no such person.
    """
    people = await quality_people.known(source, person_id)
    if person_id is not None and not people:
        raise NobodySuch(f"there is no person {person_id!r}; `prefstream people list` names them")
    return [Assessed(known=one, assessment=await _assessment(source, one)) for one in people]


async def act(connection: Connection, wanted: WantedAct, *, questions: int, now: datetime) -> Sequence[Event]:
    """Do something about a person; return what to say of it, nothing where it was done before.

    Args:
        connection: In a transaction.
        wanted: What, and why.
        questions: Training questions to answer rightly, for `retrain`.
        now: The time.

    Raises:
        NobodySuch: There is no such person.
        NotNow: It does not go together with how things are.
        BadInput: It does not say what is needed.
    """
    if not await quality_people.locked(connection, wanted.person_id):
        raise NobodySuch(f"there is no person {wanted.person_id!r}; `prefstream people list` names them")
    (one,) = await assessments(connection, wanted.person_id)
    done = Act(
        annotator=wanted.person_id,
        action=wanted.action,
        why=wanted.why.strip(),
        by=wanted.by or COMMAND_LINE,
        at=now,
        until=wanted.until,
        cause=wanted.cause,
        provenance=one.known.provenance,
    )
    _check(done, one.known)
    if wanted.action == "withdraw":
        done = await _with_labels(connection, done, wanted, one)
    if not await quality_people.took(connection, done):
        return ()
    if wanted.action == "retrain":
        await _train(connection, wanted.person_id, questions=questions, now=now)
    if wanted.action == "resume" and one.known.training_left:
        await quality_states.train(connection, wanted.person_id, questions=0, at=now)
    detail = {"why": done.why, "cause": done.cause, "until": done.until, "labels": len(done.labels)}
    person = None if wanted.by in {None, RULE} else wanted.by
    await audit.note(connection, person, f"annotator.{wanted.action}", wanted.person_id, detail)
    return await _unsaid(connection, events_of(done))


async def choose_gold(
    connection: Connection,
    pair_id: str,
    *,
    by: str | None,
    now: datetime,
    expected: Verdict | None = None,
    why: str = "",
    clauses: Sequence[str] = (),
) -> Sequence[Event]:
    """Make a pair a gold question, or one with another answer; return what to say of it.

    Args:
        connection: In a transaction.
        pair_id: The pair.
        by: A person; `None`: the command line.
        now: The time.
        expected: The right answer; `None`: the label that the pair has.
        why: What people are told where they are told.
        clauses: Clauses of the constitution that decide it.

    Raises:
        NobodySuch: There is no such pair.
        NotNow: The pair has no label and none is given.
    """
    pair = await quality_gold.pair_known(connection, pair_id)
    if pair is None or pair["slice"] is None:
        raise NobodySuch(f"there is no pair {pair_id!r} with its texts; bring it in first")
    answer = expected or (Verdict(pair["label"]) if pair["label"] else None)
    if answer is None:
        raise NotNow(f"{pair_id} has no label yet; say what the right answer is")
    item = GoldItem(
        pair_id=pair_id,
        slice=pair["slice"],
        expected=answer,
        why=why,
        clauses=tuple(clauses),
        active=True,
        added_by=by or COMMAND_LINE,
        added_at=now,
    )
    await quality_gold.put(connection, item)
    await audit.note(connection, by, "gold.chosen", pair_id, {"expected": answer, "slice": item.slice})
    return [
        GoldChosen(
            event_id=derived_id("quality", "gold", pair_id, now.isoformat()),
            occurred_at=now,
            source=_SOURCE,
            subject=pair_id,
            correlation_id=pair_id,
            pair_id=pair_id,
            slice=item.slice,
            expected=answer,
            why=why,
            clauses=item.clauses,
            by=item.added_by,
            provenance=Provenance(pair["provenance"] or Provenance.REAL),
        )
    ]


async def retire_gold(
    connection: Connection, pair_id: str, *, by: str | None, now: datetime
) -> Sequence[Event]:
    """Ask a pair no more; return what to say of it.

    Raises:
        NobodySuch: It is no gold question that is asked.
    """
    slice_name = await quality_gold.retire(connection, pair_id, by=by or COMMAND_LINE, at=now)
    if slice_name is None:
        raise NobodySuch(f"{pair_id!r} is no gold question that is asked; `prefstream gold list` names them")
    await audit.note(connection, by, "gold.retired", pair_id)
    return [
        GoldRetired(
            event_id=derived_id("quality", "gold-retired", pair_id, now.isoformat()),
            occurred_at=now,
            source=_SOURCE,
            subject=pair_id,
            correlation_id=pair_id,
            pair_id=pair_id,
            slice=slice_name,
            by=by or COMMAND_LINE,
        )
    ]


async def _assessment(source: Connection | asyncpg.Pool, one: Known) -> Assessment:
    answers = await quality_gold.answers(source, one.person_id, since=one.test_since)
    return assessed(answers, one.findings, done=one.done)


def _check(done: Act, known: Known) -> None:
    if not done.why:
        raise BadInput("say why; the person concerned and the audit trail are told so")
    if done.until is not None and (done.action != "pause" or done.until <= done.at):
        raise BadInput("`until` is for a pause, and lies in the future; leave it out, or say a later time")
    if done.action == "resume" and known.paused_at is None and not known.training_left:
        raise NotNow(f"{known.person_id} is neither paused nor in training; there is nothing to resume")


async def _with_labels(connection: Connection, done: Act, wanted: WantedAct, one: Assessed) -> Act:
    after = wanted.after
    if wanted.cause and after is None:
        found = next(
            (p for p in one.assessment.proposals if (p.action, p.cause) == ("withdraw", wanted.cause)), None
        )
        if found is None:
            raise NotNow(
                f"nothing found of {wanted.person_id} asks to withdraw labels by {wanted.cause!r}; "
                "look at what is proposed now"
            )
        after = found.after
    elif after is None and not wanted.everything:
        raise BadInput("say which labels: those of a finding, those after a time, or everything")
    labels = await quality_people.given_labels(connection, wanted.person_id, after=after)
    return replace(done, labels=labels)


async def _train(connection: Connection, person_id: str, *, questions: int, now: datetime) -> None:
    slices = await connection.fetchval("select array_agg(slice) from skills where person_id = $1", person_id)
    usable = await connection.fetchval(
        "select count(*) from gold_items where active and ($1::text[] is null or slice = any($1))", slices
    )
    if usable < _FEWEST_QUESTIONS:
        raise NotNow(
            f"there are {usable} gold questions for {person_id}, too few to train with; "
            "add some with `prefstream gold add`, or pause the person"
        )
    await quality_states.train(connection, person_id, questions=min(questions, usable), at=now)


async def _unsaid(connection: Connection, events: Sequence[Event]) -> Sequence[Event]:
    """Leave out what waits in the outbox already: two leads may withdraw the same label."""
    rows = await connection.fetch(
        "select event_id::text from outbox where event_id = any($1::uuid[])", [one.event_id for one in events]
    )
    waiting = {row["event_id"] for row in rows}
    return [one for one in events if one.event_id not in waiting]
