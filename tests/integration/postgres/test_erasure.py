"""Erasing on a real PostgreSQL: what is gone, what stays, and what comes late."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from hashlib import sha256
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from tests import factories as make
from tests.running_parts import postgres_dsn, postgres_server  # noqa: F401  (fixtures)

from prefstream.adapters.postgres.console.history import history_of
from prefstream.adapters.postgres.keys import Keys
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.opening import fetch_opened, opened
from prefstream.adapters.postgres.projections import Projected, project
from prefstream.schemas.codec import ERASED, decode
from prefstream.schemas.dead_letters import Detour, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.labels import Quote, Refinement
from prefstream.schemas.records import LogRecord
from prefstream.schemas.releases import ContentErased
from prefstream.schemas.topics import DEAD_LETTERS
from prefstream.streams.erasure import erase_in

pytestmark = pytest.mark.postgres

MARK, OTHER = "xyzzy-marker", "plugh-other"
#: Columns that may hold words, whatever the table.
_COLUMNS = """
select table_name, column_name, data_type from information_schema.columns
where table_schema = 'public' and data_type in ('text', 'json', 'jsonb', 'bytea', 'ARRAY')
"""


class Deployment:
    """A database, a sink on it, and who erases."""

    def __init__(self, dsn: str, runner: asyncio.Runner, *, sealing: bool) -> None:
        self.runner = runner
        self.connection: asyncpg.Connection = self.run(asyncpg.connect(dsn))
        self.run(upgrade(self.connection))
        self.keys = Keys(sealing=sealing)
        self._offset = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for something."""
        return self.runner.run(work)

    def records(self, *events: Event) -> list[LogRecord]:
        """Return the events as records."""
        first = self._offset
        self._offset += len(events)
        return [make.a_record(event, offset=first + place) for place, event in enumerate(events)]

    def take(self, *events: Event) -> Projected:
        """Let the sink write the events."""
        return self.take_records(self.records(*events))

    def take_records(self, records: Sequence[LogRecord], keys: Keys | None = None) -> Projected:
        """Let the sink, or another with keys of its own, write records."""
        keys = keys or self.keys

        async def taken() -> Projected:
            async with self.connection.transaction():
                told = await project(self.connection, records, keys)
            keys.keep()
            return told

        told: Projected = self.run(taken())
        return told

    def erase(self, what: str, id_: str) -> dict[str, Any]:
        """Erase and commit."""

        async def done() -> dict[str, Any]:
            async with self.connection.transaction():
                return await erase_in(self.connection, what, id_, reason="asked for", by="lena")  # type: ignore[arg-type]

        told: dict[str, Any] = self.run(done())
        return told

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return what a query gives."""
        return [tuple(row) for row in self.run(self.connection.fetch(query, *arguments))]

    def archived(self) -> dict[str, bytes | None]:
        """Return the plain values of the archive by event id."""
        rows = self.run(fetch_opened(self.connection, "select event_id::text, value from archive"))
        return {row["event_id"]: row["value"] for row in rows}

    def holding(self, mark: str) -> set[str]:
        """Return the columns that hold a text, in any table and any form, opened where it is sealed."""
        found = set()
        for table, column, kind in self.rows(_COLUMNS):
            if kind == "bytea":
                values = [row[0] for row in self.rows(f'select "{column}" from "{table}"')]
                held = any(mark.encode() in (one or b"") for one in self.run(opened(self.connection, values)))
            else:
                query = f'select exists (select from "{table}" where position($1 in "{column}"::text) > 0)'
                held = self.rows(query, mark)[0][0]
            if held:
                found.add(f"{table}.{column}")
        return found


@pytest.fixture(params=[True, False], ids=["sealed", "plain"])
def deployment(request: pytest.FixtureRequest, postgres_dsn: str) -> Iterator[Deployment]:  # noqa: F811
    with asyncio.Runner() as runner:
        one = Deployment(postgres_dsn, runner, sealing=request.param)
        yield one
        runner.run(one.connection.close())


@pytest.fixture
def sealed(postgres_dsn: str) -> Iterator[Deployment]:  # noqa: F811
    with asyncio.Runner() as runner:
        one = Deployment(postgres_dsn, runner, sealing=True)
        yield one
        runner.run(one.connection.close())


def a_history(mark: str, *, prompt: str = "prompt-1", pair: str = "pair-1", by: str = "ben") -> list[Event]:
    """Return the events of a prompt with words of a kind in each."""
    message, response = make.a_message(f"ask {mark}"), make.a_response(f"say {mark}")
    votes = (make.a_vote(rationale=f"vote {mark}"),)
    label = make.a_label_submitted(
        pair_id=pair,
        annotator=by,
        rationale=f"because {mark}",
        quotes=(Quote(response="a", text=f"quote {mark}"),),
        refinement=Refinement(clause="P1", kind="rule", text=f"rule {mark}"),
    )
    task = make.a_task_proposed(task_id=f"task-{pair}", prompt_id=prompt, messages=(message,))
    return [
        make.a_prompt_submitted(prompt_id=prompt, messages=(message,)),
        make.a_prompt_curated(prompt_id=prompt, messages=(message,)),
        make.a_pair_proposed(
            pair_id=pair, prompt_id=prompt, messages=(message,), response_a=response, response_b=response
        ),
        make.a_pair_judged(pair_id=pair, prompt_id=prompt, votes=votes),
        make.a_pair_routed(pair_id=pair),
        label,
        make.a_label_withdrawn(
            pair_id=pair, annotator=by, label_id=label.event_id, reason=f"wrong {mark}", by="lena"
        ),
        make.a_gold_chosen(pair_id=pair, why=f"why {mark}"),
        task,
        make.a_demonstration_submitted(
            task_id=f"task-{pair}", annotator=by, response=f"ideal {mark}", rationale=f"so {mark}"
        ),
    ]


def a_dead_letter(mark: str, *, pair: str, offset: int) -> LogRecord:
    """Return a dead letter that cannot be decoded, with the key of its pair."""
    record = make.a_record(make.a_pair_proposed(pair_id=pair), value=f'{{"half {mark}'.encode())
    detour = Detour(
        stage="judging",
        topic=record.topic,
        partition=0,
        offset=offset,
        reason="undecodable",
        detail=f"said {mark}",
        attempt=1,
    )
    out = detoured(record, detour, topic=DEAD_LETTERS.name)
    return make.a_record(topic=out.topic, key=out.key, value=out.value, headers=out.headers, offset=offset)


def fill_copies(one: Deployment, mark: str, *, pair: str, prompt: str, by: str) -> None:
    """Write copies of content where the console and the stages keep them."""
    lease, submission, now = uuid4(), uuid4(), make.NOON
    said = orjson.dumps({"pair_id": pair, "rationale": f"copy {mark}"})
    text = said.decode()
    work = {"pair_id": pair, "round": "annotate", "slice": "s", "person_id": by, "purpose": "work"}
    answered = {"answer": text, "answer_hash": b"", "feedback": text, "events": 1}
    asked = {"provider": "x", "slice": "s", "asked_by": "j"}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("people", {"person_id": by, "name": f"B {mark}", "email": f"B {mark}", "role": "annotator"}),
        (
            "leases",
            work | {"lease_id": lease, "sides": "ab", "leased_at": now, "expires_at": now, "draft": text},
        ),
        (
            "submissions",
            work
            | answered
            | {"submission_id": submission, "lease_id": lease, "submitted_at": now, "undo_until": now},
        ),
        (
            "outbox",
            {
                "event_id": submission,
                "topic": "labels.submitted.v1",
                "key": pair.encode(),
                "value": said,
                "headers": b"",
                "submission_id": submission,
                "not_before": now,
            },
        ),
        (
            "refinements",
            {
                "submission_id": submission,
                "pair_id": pair,
                "slice": "s",
                "person_id": by,
                "constitution_id": "c",
                "clause": "P1",
                "kind": "rule",
                "body": f"body {mark}",
                "proposed_at": now,
            },
        ),
        (
            "gold_items",
            {
                "pair_id": pair,
                "slice": "s",
                "expected": "A>",
                "why": f"why {mark}",
                "clauses": "[]",
                "active": True,
                "added_by": "lena",
                "added_at": now,
            },
        ),
        (
            "journal",
            asked | {"request_id": pair, "content": said, "at_ms": 0, "purpose": "judging", "subject": pair},
        ),
        (
            "journal",
            asked
            | {"request_id": prompt, "content": said, "at_ms": 0, "purpose": "generation", "subject": prompt},
        ),
        (
            "batch_calls",
            asked
            | {
                "request_id": pair,
                "request": said,
                "size": 1,
                "purpose": "judging",
                "subject": pair,
                "queued_ms": 0,
                "state": "answered",
            },
        ),
        ("stage_states", {"stage": "validation", "key": f"text:{pair}", "version": 1, "value": said}),
        ("recorded_verdicts", {"judge": "j", "pair_id": pair, "votes": text}),
        ("idempotency_keys", {"person_id": "somebody", "key": pair, "answer": said}),
        ("webhook_endpoints", {"endpoint_id": pair, "url": "http://x", "starts": "{}"}),
        (
            "webhook_deliveries",
            {"endpoint_id": pair, "message_id": pair, "type": "t", "body": said, "occurred_at": now},
        ),
    ]
    for table, row in rows:
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        query = f"insert into {table} ({', '.join(row)}) values ({places})"
        one.run(one.connection.execute(query, *row.values()))


def test_a_prompt_is_gone_from_every_table_and_others_stay(deployment: Deployment) -> None:
    deployment.take(*a_history(MARK), *a_history(OTHER, prompt="prompt-2", pair="pair-2", by="ann"))
    deployment.take_records(
        [a_dead_letter(MARK, pair="pair-1", offset=500), a_dead_letter(OTHER, pair="pair-2", offset=501)]
    )
    fill_copies(deployment, MARK, pair="pair-1", prompt="prompt-1", by="p-ben")
    fill_copies(deployment, OTHER, pair="pair-2", prompt="prompt-2", by="p-ann")
    held_before, others_before = deployment.holding(MARK), deployment.holding(OTHER)

    told = deployment.erase("prompt", "prompt-1")

    assert {"archive.value", "labels.rationale", "dead_letters.value", "journal.content"} <= held_before
    assert deployment.holding(MARK) == {"people.name", "people.email"}  # who labelled it is another matter
    assert deployment.holding(OTHER) == others_before
    assert (told["pairs"], told["tasks"]) == (["pair-1"], ["task-pair-1"])


def test_a_person_is_gone_from_every_table_and_the_texts_they_read_stay(deployment: Deployment) -> None:
    mark = "by-ben-himself"
    events = a_history(MARK)
    label, task, demonstration = events[5], events[8], events[9]
    deployment.take(*events[:5], task)
    deployment.take(
        label.model_copy(update={"rationale": mark}),
        demonstration.model_copy(update={"response": mark}),
        make.an_annotator_action_taken(annotator="ben", why=mark),
    )
    fill_copies(deployment, mark, pair="pair-9", prompt="prompt-9", by="ben")
    deployment.run(deployment.connection.execute("delete from journal"))
    verdicts = deployment.rows("select event_id, verdict from labels")

    deployment.erase("person", "ben")

    # What stands about pair-9 is not by ben; it is there to see that it stays.
    of_the_pair = {"gold_items.why", "batch_calls.request", "stage_states.value", "recorded_verdicts.votes"}
    of_others = {"idempotency_keys.answer", "webhook_deliveries.body"}
    assert deployment.holding(mark) == of_the_pair | of_others
    assert MARK.encode() in (deployment.archived()[events[2].event_id] or b"")
    assert deployment.rows("select event_id, verdict from labels") == verdicts
    assert deployment.rows("select name, email, disabled_at is null from people") == [("erased", None, False)]


def test_digests_stay_and_are_those_of_the_plain_bytes(deployment: Deployment) -> None:
    records = deployment.records(*a_history(MARK))
    deployment.take_records(records)

    deployment.erase("prompt", "prompt-1")

    digests = {str(id_): digest for id_, digest in deployment.rows("select event_id, digest from archive")}
    erased = {id_ for id_, value in deployment.archived().items() if value == ERASED}
    assert len(erased) == len(records) - 1  # the route has no words
    for record in records:
        event = decode(record.value)
        if event.event_id in erased:
            assert digests[event.event_id] == sha256(record.value or b"").digest()


def test_content_is_sealed_in_the_archive_and_read_as_it_came(sealed: Deployment) -> None:
    records = sealed.records(*a_history(MARK))
    sealed.take_records(records)

    values = [row[0] for row in sealed.rows("select value from archive where type <> 'PairRouted'")]
    assert not any(MARK.encode() in value for value in values)
    assert {decode(record.value).event_id: record.value for record in records} == sealed.archived()


def test_two_sinks_seal_the_same_content_to_the_same_bytes(sealed: Deployment) -> None:
    records = sealed.records(*a_history(MARK)[:4])
    query = "select event_id, value, digest from archive order by event_id"
    sealed.take_records(records)
    before = sealed.rows(query)
    sealed.run(sealed.connection.execute("delete from archive"))

    sealed.take_records(records, Keys())

    assert sealed.rows(query) == before


def test_keys_of_a_batch_that_was_rolled_back_are_not_used_again(sealed: Deployment) -> None:
    records = sealed.records(*a_history(MARK))

    async def undone() -> None:
        transaction = sealed.connection.transaction()
        await transaction.start()
        await project(sealed.connection, records, sealed.keys)
        await transaction.rollback()

    sealed.run(undone())
    sealed.take_records(records)

    assert ERASED not in sealed.archived().values()


def test_repeats_and_conflicts_are_told_apart_as_before(sealed: Deployment) -> None:
    first, other = sealed.records(make.a_pair_proposed(), make.a_pair_proposed(strategy="best_of_n"))
    sealed.take_records([first])

    again, conflict = sealed.take_records([first]), sealed.take_records([other])

    assert (again.duplicates, again.conflicts) == (1, 0)
    assert (conflict.duplicates, conflict.conflicts) == (0, 1)


def test_what_comes_again_after_it_was_erased_stays_erased(deployment: Deployment) -> None:
    events = a_history(MARK)
    deployment.take(*events)
    deployment.erase("prompt", "prompt-1")

    told = deployment.take(*events)

    assert (told.duplicates, told.conflicts) == (len(events), 0)
    assert deployment.holding(MARK) == set()


def test_what_comes_late_of_an_erased_prompt_is_erased_as_it_comes(deployment: Deployment) -> None:
    events = a_history(MARK)
    deployment.take(*events[:2])
    deployment.erase("prompt", "prompt-1")

    deployment.take(events[2])  # tells that the pair is the prompt's
    deployment.take(*events[3:])
    deployment.take_records([a_dead_letter(MARK, pair="pair-1", offset=900)])

    assert deployment.holding(MARK) == set()
    assert deployment.rows("select labels from pairs") == [(1,)]


def test_what_a_model_answers_late_about_an_erased_pair_goes_when_it_is_archived(sealed: Deployment) -> None:
    events = a_history(MARK)
    sealed.take(*events[:3])
    sealed.erase("prompt", "prompt-1")
    fill_copies(sealed, MARK, pair="pair-1", prompt="prompt-x", by="p-ben")
    sealed.run(sealed.connection.execute("delete from journal where subject = 'prompt-x'"))

    sealed.take(events[3])

    assert sealed.holding(MARK).isdisjoint({"journal.content", "batch_calls.request", "stage_states.value"})


def test_a_sink_that_remembers_a_key_hears_that_it_was_destroyed(sealed: Deployment) -> None:
    events = a_history(MARK)
    sealed.take(*events[:3])
    sealed.erase("prompt", "prompt-1")

    sealed.take(*events[3:6])

    assert sealed.holding(MARK) == set()
    assert sealed.rows("select count(*) from content_keys where owner like 'pair:%'") == [(0,)]


def test_erasing_twice_says_it_once(deployment: Deployment) -> None:
    deployment.take(*a_history(MARK))
    deployment.erase("prompt", "prompt-1")

    told = deployment.erase("prompt", "prompt-1")

    assert told["erased"] == {}
    said = [decode(row[0]) for row in deployment.rows("select value from outbox")]
    assert [type(event) for event in said] == [ContentErased]
    assert len(deployment.rows("select * from audit_trail where act = 'prompt.erased'")) == 1


def test_an_erasure_that_is_cut_off_leaves_everything_as_it_was(sealed: Deployment) -> None:
    sealed.take(*a_history(MARK))
    before = sealed.archived()

    async def cut_off() -> None:
        async with sealed.connection.transaction():
            await erase_in(sealed.connection, "prompt", "prompt-1", reason="x", by=None)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        sealed.run(cut_off())

    assert sealed.archived() == before
    assert sealed.rows("select count(*) from erased_owners") == [(0,)]


def test_releases_that_hold_it_are_named_and_marked(sealed: Deployment) -> None:
    sealed.take(*a_history(MARK))
    for name, pair in (("r-1", "pair-1"), ("r-2", "pair-2")):
        sealed.run(sealed.connection.execute("insert into releases (release_id) values ($1)", name))
        sealed.run(
            sealed.connection.execute(
                "insert into release_rows values ($1, 'row', $2, 'preference', 'train')", name, pair
            )
        )

    told = sealed.erase("prompt", "prompt-1")

    assert told["releases"] == ["r-1"]
    assert sealed.rows("select release_id, erased_rows from releases order by 1") == [("r-1", 1), ("r-2", 0)]


def test_nobody_is_erased_by_a_misspelt_id(sealed: Deployment) -> None:
    with pytest.raises(BadInput, match="nothing is known of a prompt"):
        sealed.erase("prompt", "prompt-1")


def test_ids_that_are_the_same_elsewhere_are_left_alone(deployment: Deployment) -> None:
    deployment.take(*a_history(MARK, prompt="1", pair="2"), *a_history(OTHER, prompt="2", pair="1", by="ann"))

    deployment.erase("prompt", "1")

    assert deployment.holding(MARK) == set()
    kept = [value for value in deployment.archived().values() if OTHER.encode() in (value or b"")]
    assert len(kept) == 9


def test_a_record_under_a_foreign_key_is_sealed_for_whom_it_speaks_of(sealed: Deployment) -> None:
    event = a_history(MARK)[2]
    sealed.take_records([make.a_record(event, key=b"some-partition")])

    sealed.erase("prompt", "prompt-1")

    assert sealed.archived() == {event.event_id: ERASED}


async def test_the_history_of_an_erased_pair_says_so(postgres_dsn: str) -> None:  # noqa: F811
    first = await asyncpg.connect(postgres_dsn)
    await upgrade(first)
    await first.close()
    async with asyncpg.create_pool(postgres_dsn) as pool, pool.acquire() as connection:
        records = [make.a_record(event, offset=at) for at, event in enumerate(a_history(MARK))]
        async with connection.transaction():
            await project(connection, records, Keys())
        async with connection.transaction():
            await erase_in(connection, "prompt", "prompt-1", reason="x", by=None)

        history = await history_of(pool, "pair-1")

    assert [event.type for event in history.events] == ["PairRouted"]
    assert {kind for kind, _ in history.erased} == {
        "PairProposed",
        "PairJudged",
        "LabelSubmitted",
        "LabelWithdrawn",
    }


async def test_keys_under_the_deployments_own_open_only_with_it(
    postgres_dsn: str,  # noqa: F811
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "key"
    file.write_text("ab" * 32)
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await upgrade(connection)
        record = make.a_record(make.a_pair_proposed())
        async with connection.transaction():
            await project(connection, [record], Keys(master=bytes.fromhex("ab" * 32)))
        value = await connection.fetchval("select value from archive")
        assert await connection.fetchval("select every(length(key) = 48 and wrapped) from content_keys")
        with pytest.raises(BadInput, match="PREFSTREAM_SEALING_KEY_FILE"):
            await opened(connection, [value])
        monkeypatch.setenv("PREFSTREAM_SEALING_KEY_FILE", str(file))
        assert await opened(connection, [value]) == [record.value]
    finally:
        await connection.close()
