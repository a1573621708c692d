"""A crowd of simulated people: read, made known to a console, put to work, and told about."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import Field

from prefstream.adapters.console_client import AsyncConsole, Refused, session, write
from prefstream.adapters.files.labels import read_labels
from prefstream.adapters.files.values import read_value
from prefstream.agents.ingestion import verdict_of
from prefstream.domain.offline.people import SimulatedPerson
from prefstream.schemas.envelope import Value
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Preference
from prefstream.streams.simulated_people import PersonTally, Workplace, pause, work_together

#: Days a token of a simulated person is good for.
TOKEN_DAYS = 1
Told = Callable[[int], None]


class PersonFile(Value):
    """One person, as a file of people states it; what is left out is as usual."""

    id: str
    role: str = "annotator"
    skill: float = 0.85
    skills: dict[str, float] = Field(default_factory=dict)
    pace: float = 1.0
    left_bias: float = 0.0
    fatigue_per_h: float = 0.0
    careless: float = 0.0
    streaks: float = 0.0
    follows: float = 0.0
    unsure: float = 0.02
    cites: dict[str, str] = Field(default_factory=dict)


class CrowdFile(Value):
    """A file of people."""

    people: tuple[PersonFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a crowd is to do."""

    base_url: str
    #: Of somebody who may administer: people are made with it.
    admin_token: str
    truths: Mapping[str, Preference]
    speed: float = 0.0
    released: float = 0.0
    undone: float = 0.0
    at_most_s: float | None = None
    most_labels: int | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


def read_crowd(path: Path, *, seed: str) -> tuple[SimulatedPerson, ...]:
    """Return the people that a file states.

    Raises:
        BadInput: The file cannot be read, or states no people.
    """
    stated, document = read_value(path, CrowdFile, kind="file of people")
    for one in document["people"]:
        if strange := sorted(set(one) - set(PersonFile.model_fields)):
            raise BadInput(f"{path}: nobody has a field named {strange[0]}; correct the name")
    return tuple(SimulatedPerson(**one.model_dump(), seed=seed) for one in stated.people)


def read_truths(path: str) -> dict[str, Preference]:
    """Return which response is better, by pair, from a file with the columns `task` and `label`.

    Raises:
        BadInput: The file cannot be read, or a label is no preference.
    """
    truths = {}
    for task, label in read_labels(path, ("task", "label")).rows:
        verdict = verdict_of(label)
        if verdict is None or verdict.preference is None:
            raise BadInput(f"{path}: the label {label!r} of {task} is no preference such as A>, = or B>>")
        truths[task] = verdict.preference
    return truths


async def simulate(
    people: Sequence[SimulatedPerson],
    work: Work,
    *,
    told: Told = lambda labels: None,  # noqa: ARG005
) -> dict[str, Any]:
    """Let people work in a console until it is time, and return what they have done.

    Raises:
        Refused: The token may not make people, or the console does not take what they do.
        Unavailable: The console does not answer.
    """
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(AsyncConsole(work.base_url, token=work.admin_token))
        await _check(admin)
        consoles = []
        for person in people:
            token = await _made(admin, person)
            console = await stack.enter_async_context(AsyncConsole(work.base_url, token=token))
            consoles.append((person, console))
        place = Workplace(
            truths=work.truths,
            reader=admin,
            speed=work.speed,
            released=work.released,
            undone=work.undone,
            most_labels=work.most_labels,
            stop=work.stop,
        )
        telling = asyncio.create_task(_telling(place, told))
        try:
            tallies = await work_together(consoles, place, at_most_s=work.at_most_s)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return _summary(people, tallies)


async def _check(admin: AsyncConsole) -> None:
    """Make sure that this token may make people.

    Raises:
        BadInput: It may not.
    """
    who = await admin.ask(session())
    if "administer" not in who["permissions"]:
        raise BadInput(
            f"the token is that of {who['person_id']}, who may not make people; give one of an administrator"
        )


async def _made(admin: AsyncConsole, person: SimulatedPerson) -> str:
    """Make a person known, unless they are, and return a token of theirs."""
    document = {"person_id": person.id, "name": person.id, "role": person.role, "simulated": True}
    try:
        await admin.ask(write("POST", "/api/v1/people", document))
    except Refused as refused:
        if refused.status != 409:
            raise
    path = f"/api/v1/people/{quote(person.id, safe='')}/tokens"
    issued = await admin.ask(write("POST", path, {"name": "simulation", "days": TOKEN_DAYS}))
    return str(issued["token"])


async def _telling(place: Workplace, told: Told) -> None:
    while not place.stop.is_set():
        told(place.labels)
        await pause(place.stop, 0.5)


def _summary(people: Sequence[SimulatedPerson], tallies: Mapping[str, PersonTally]) -> dict[str, Any]:
    known = sum(tally.known for tally in tallies.values())
    right = sum(tally.right for tally in tallies.values())
    return {
        "simulated": True,
        "labels": sum(sum(tally.labels.values()) for tally in tallies.values()),
        "agreement_with_truth": right / known if known else None,
        "stopped": sorted(name for name, tally in tallies.items() if tally.stopped),
        "people": {
            person.id: tallies[person.id].document | {"role": person.role, "faults": _faults(person)}
            for person in people
        },
    }


def _faults(person: SimulatedPerson) -> dict[str, Any]:
    """Return in what a person differs from the usual one."""
    usual = asdict(SimulatedPerson(id=person.id))
    return {
        name: value
        for name, value in asdict(person).items()
        if value != usual[name] and name not in ("id", "role", "seed", "cites")
    }
