"""The client tries again what may be tried again, and says in words what was refused."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest
from tests.stand_ins.console import ScriptedServer, Step, scripted

from prefstream.adapters.console_client import (
    AsyncConsole,
    Console,
    LeasedTask,
    Refused,
    ingest,
    next_task,
    queue,
    submit,
    undo,
)
from prefstream.schemas.errors import Unavailable

TASK = {
    "lease_id": "1b0",
    "fence": 7,
    "expires_at": "2026-07-01T12:00:00Z",
    "heartbeat_s": 30.0,
    "kind": "pair",
    "round": "annotate",
    "slice": "code",
    "task_id": "p1",
    "messages": [{"role": "user", "content": "17 x 23?"}],
    "left": {"text": "391"},
    "right": {"text": "401"},
    "something_newer": 1,
}
A_TASK = Step(body=orjson.dumps(TASK))
TAKEN = Step(body=b'{"submission_id": "s1", "undo_until": "2026-07-01T12:00:10Z"}')
BUSY = Step(status=429, headers={"Retry-After": "0"})
AWAY = Step(status=503, headers={"Retry-After": "0"})
CUT = Step(status=0)


@contextmanager
def talking(*steps: Step) -> Iterator[tuple[ScriptedServer, Console]]:
    with scripted(steps) as server, Console(server.url, token="pfs_x") as console:
        yield server, console


def test_a_task_comes_as_a_value_and_nothing_to_do_as_none() -> None:
    with talking(A_TASK, Step(status=204)) as (server, console):
        task = console.ask(next_task(rounds=["annotate"]))
        assert isinstance(task, LeasedTask)
        assert (task.left.text if task.left else "", task.fence) == ("391", 7)
        assert console.ask(next_task()) is None
    method, path, headers, body = server.requests[0]
    assert (method, path, headers["Authorization"]) == ("POST", "/api/v1/tasks/next", "Bearer pfs_x")
    assert json.loads(body) == {"rounds": ["annotate"], "slices": None, "ahead": False}


@pytest.mark.parametrize("fault", [BUSY, AWAY, CUT])
def test_a_submission_is_sent_again_with_the_same_fence_until_it_is_taken(fault: Step) -> None:
    with talking(fault, fault, TAKEN) as (server, console):
        task = LeasedTask.model_validate(TASK)
        assert console.ask(submit(task, {"verdict": "A>"}, seconds=3.0)).submission_id == "s1"
    assert len(server.requests) == 3
    assert len({body for *_, body in server.requests}) == 1


def test_what_must_not_happen_twice_is_sent_once() -> None:
    with talking(CUT, A_TASK) as (server, console), pytest.raises(Unavailable, match="does not answer POST"):
        console.ask(undo("s1"))
    assert len(server.requests) == 1


def test_what_was_turned_away_unseen_may_be_sent_again_whatever_it_is() -> None:
    with talking(BUSY, A_TASK) as (_, console):
        assert console.ask(undo("s1")).task_id == "p1"


def test_a_refusal_says_why_and_has_its_name_for_programs() -> None:
    problem = {"type": "urn:prefstream:problem:lease_expired", "detail": "the lease ended at 12:00"}
    step = Step(status=409, body=orjson.dumps(problem))
    with talking(step) as (_, console), pytest.raises(Refused, match="ended at 12:00") as caught:
        console.ask(queue())
    assert (caught.value.status, caught.value.kind) == (409, "lease_expired")


def test_an_answer_that_is_no_json_is_still_a_refusal() -> None:
    step = Step(status=500, body=b"<html>")
    with talking(step) as (_, console), pytest.raises(Refused, match="answered 500"):
        console.ask(queue())


def test_a_console_that_stays_away_is_said_to() -> None:
    with talking(AWAY) as (server, console), pytest.raises(Refused) as caught:
        console.ask(queue())
    assert (caught.value.status, len(server.requests)) == (503, 5)


def test_rows_are_streamed_as_lines() -> None:
    rows = ({"prompt": f"{n}"} for n in range(3))
    with talking(Step(status=202, body=b'{"accepted": 3}')) as (server, console):
        assert console.ask(ingest("prompts", rows, key="k")).accepted == 3
    _, path, headers, body = server.requests[0]
    assert (path, headers["Idempotency-Key"], body.count(b"\n")) == ("/api/v1/prompts", "k", 3)
    assert headers["Content-Type"] == "application/x-ndjson"


def test_a_stream_that_was_read_is_not_sent_again() -> None:
    rows = ({"prompt": f"{n}"} for n in range(3))
    with talking(CUT) as (server, console), pytest.raises(Unavailable):
        console.ask(ingest("prompts", rows, key="k"))
    assert len(server.requests) == 1


def test_a_sequence_of_rows_under_a_key_is_sent_again() -> None:
    with talking(CUT, Step(status=202, body=b'{"accepted": 1}')) as (_, console):
        assert console.ask(ingest("pairs", [{"prompt": "x"}], key="k")).accepted == 1


async def test_the_same_calls_go_from_an_event_loop() -> None:
    with scripted([BUSY, A_TASK]) as server:
        async with AsyncConsole(server.url, token="t") as console:
            task = await console.ask(next_task())
    assert task is not None
    assert task.slice == "code"


async def test_an_event_loop_is_told_too_when_nobody_answers() -> None:
    async with AsyncConsole("http://127.0.0.1:9", token="t") as console:
        with pytest.raises(Unavailable, match="is it running"):
            await console.ask(undo("s1"))
