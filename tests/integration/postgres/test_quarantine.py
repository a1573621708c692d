"""Quarantine on a real PostgreSQL: who waits, who may decide, and what the stage makes of a decision."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests import factories as make
from tests.running_parts import postgres_dsn, postgres_server  # noqa: F401  (fixtures)
from typer.testing import CliRunner

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from prefstream.agents.stage import Configuration, Given
from prefstream.agents.validation import Validation
from prefstream.cli.quarantine import app
from prefstream.schemas.codec import decode
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.pairs import PairRejected, PairValidated
from prefstream.streams.quarantine import decided

pytestmark = pytest.mark.postgres

PRIVATE = make.a_response("Write to jane.doe@acme-industries.co.uk, or call her.")
LEAD = (
    "insert into people (person_id, name, role) values ('lea', 'Lea', 'qa_lead'), ('ann', 'Ann', 'annotator')"
)


class World:
    """A database with its projections, and the stage that reads what they say."""

    def __init__(self, dsn: str, runner: asyncio.Runner) -> None:
        self.run: Callable[[Coroutine[Any, Any, Any]], Any] = runner.run
        self.connection: asyncpg.Connection = self.run(asyncpg.connect(dsn))
        self.run(upgrade(self.connection))
        self.run(self.connection.execute(LEAD))
        self._states: dict[str, bytes] = {}
        self._offset = 0

    def say(self, *events: Event) -> Sequence[Event]:
        """Let the stage and the projections take events, and return what the stage says to them."""
        said = [one for event in events for one in self._handled(event)]
        self.run(self._projected([*events, *said]))
        return said

    def waiting(self) -> list[Event]:
        """Return the events that commands have left in the outbox."""
        rows = self.run(self.connection.fetch("select value from outbox order by event_id"))
        return [decode(row["value"]) for row in rows]

    def status(self) -> str:
        found: str = self.run(self.connection.fetchval("select status from pairs"))
        return found

    async def _projected(self, events: Sequence[Event]) -> None:
        records = [make.a_record(event, offset=self._offset + place) for place, event in enumerate(events)]
        self._offset += len(events)
        async with self.connection.transaction():
            await project(self.connection, records)

    def _handled(self, event: Event) -> Sequence[Event]:
        loaded: dict[str, bytes | None] = {}
        given = Given(configuration=Configuration(constitution=make.a_constitution()), states=loaded)
        while missing := Validation().needs(event, given).keys - loaded.keys():
            loaded.update({key: self._states.get(key) for key in missing})
        outcome = Validation().handle(event, given)
        self._states.update(outcome.states)
        return outcome.events


@pytest.fixture
def world(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:  # noqa: F811
    monkeypatch.setenv("PREFSTREAM_POSTGRES__DSN", postgres_dsn)
    with asyncio.Runner() as runner:
        world = World(postgres_dsn, runner)
        yield world
        runner.run(world.connection.close())


@pytest.fixture
def held(world: World) -> World:
    (rejected,) = world.say(make.a_pair_proposed(response_a=PRIVATE), make.a_label_resolved())
    assert isinstance(rejected, PairRejected)
    assert (rejected.quarantined, world.status()) == (True, "quarantined")
    return world


def test_the_list_says_what_was_found(held: World) -> None:
    shown = CliRunner().invoke(app, ["list", "--check", "pii", "--json"])
    (found,) = json.loads(shown.stdout)["quarantined"]
    assert found["pair_id"] == make.PAIR
    assert "e-mail" in found["findings"]["pii"]
    assert "no pair" in CliRunner().invoke(app, ["list", "--check", "secret"]).stdout


@pytest.mark.parametrize(("act", "status"), [("release", "validated"), ("reject", "rejected")])
def test_a_decision_of_a_lead_becomes_the_pairs_status(held: World, act: str, status: str) -> None:
    done = CliRunner().invoke(app, [act, make.PAIR, "--by", "lea", "--reason", "we looked"])
    assert done.exit_code == 0
    (event,) = held.waiting()
    (verdict,) = held.say(event)
    assert isinstance(verdict, PairValidated if act == "release" else PairRejected)
    assert held.status() == status


def test_only_a_lead_decides(held: World) -> None:
    for by in ("ann", "nobody"):
        with pytest.raises(BadInput, match="QA lead"):
            held.run(decided([make.PAIR], released=True, by=by, reason="because"))
    assert held.waiting() == []


def test_a_decision_without_a_reason_is_refused(held: World) -> None:
    with pytest.raises(BadInput, match="say why"):
        held.run(decided([make.PAIR], released=True, by="lea", reason=" "))


def test_a_pair_that_does_not_wait_is_not_decided(held: World) -> None:
    with pytest.raises(BadInput, match="no pair 'other'"):
        held.run(decided([make.PAIR, "other"], released=True, by="lea", reason="because"))
    with pytest.raises(BadInput, match="held by secret; what holds it: pii"):
        held.run(decided([make.PAIR], released=True, by="lea", reason="because", findings=["secret"]))
    assert held.waiting() == [], "all of them or none"
    held.say(make.a_quarantine_decided(occurred_at=make.NOON + timedelta(minutes=1)))
    with pytest.raises(BadInput, match="it is validated"):
        held.run(decided([make.PAIR], released=True, by="lea", reason="because"))
