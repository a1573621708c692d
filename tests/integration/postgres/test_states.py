"""The state of stages on a real server: nobody's change is ever written over."""

import asyncio

import pytest

from prefstream.adapters.postgres.connection import CLASH
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.states import StoredState, load_states, save_states
from prefstream.schemas.errors import Unavailable
from prefstream.streams.surroundings import PostgresStates

pytestmark = pytest.mark.postgres

NONE_YET = StoredState(value=None, version=0)


async def test_a_state_that_was_never_saved_is_none_at_version_zero(log: PostgresLog) -> None:
    assert await load_states(log.pool, "s", ["a", "b"]) == {"a": NONE_YET, "b": NONE_YET}
    assert await load_states(log.pool, "s", []) == {}


async def test_any_bytes_and_any_key_survive(log: PostgresLog) -> None:
    states = {"": b"", "k": bytes(range(256)), "ключ/🔑\n'": b"\x00\xff"}

    assert await save_states(log.pool, "s", states, dict.fromkeys(states, 0))

    found = await load_states(log.pool, "s", list(states))
    assert found == {key: StoredState(value=value, version=1) for key, value in states.items()}


async def test_stages_do_not_see_each_others_states(log: PostgresLog) -> None:
    await save_states(log.pool, "one", {"k": b"1"}, {"k": 0})

    assert await save_states(log.pool, "two", {"k": b"2"}, {"k": 0})
    assert (await load_states(log.pool, "one", ["k"]))["k"].value == b"1"


async def test_a_batch_of_which_one_state_was_changed_meanwhile_saves_none(log: PostgresLog) -> None:
    await save_states(log.pool, "s", {"changed": b"1"}, {"changed": 0})
    states = {"fresh": b"mine", "changed": b"mine", "other": b"mine"}

    assert not await save_states(log.pool, "s", states, dict.fromkeys(states, 0))

    found = await load_states(log.pool, "s", list(states))
    assert found == {
        "fresh": NONE_YET,
        "changed": StoredState(value=b"1", version=1),
        "other": NONE_YET,
    }


async def test_a_version_from_the_future_is_a_conflict(log: PostgresLog) -> None:
    assert not await save_states(log.pool, "s", {"k": b"1"}, {"k": 7})
    assert (await load_states(log.pool, "s", ["k"]))["k"] == NONE_YET


async def test_nothing_to_save_is_saved(log: PostgresLog) -> None:
    assert await save_states(log.pool, "s", {}, {})


async def added(log: PostgresLog, keys: list[str], times: int) -> int:
    """Add one to each of these counters so many times, deciding anew after every conflict."""
    conflicts = 0
    for _ in range(times):
        while True:
            read = await load_states(log.pool, "s", keys)
            states = {key: str(int(one.value or b"0") + 1).encode() for key, one in read.items()}
            try:
                saved = await save_states(log.pool, "s", states, {key: read[key].version for key in states})
            except CLASH:
                saved = False
            if saved:
                break
            conflicts += 1
    return conflicts


async def test_of_workers_on_the_same_keys_no_change_is_lost(log: PostgresLog) -> None:
    """They name the keys in opposite orders, which must not end in a lock that nobody lets go."""
    keys = ["a", "b", "c"]
    async with asyncio.timeout(60):
        conflicts = await asyncio.gather(
            *(added(log, keys if number % 2 else keys[::-1], 6) for number in range(4))
        )

    found = await load_states(log.pool, "s", keys)
    assert {key: (one.value, one.version) for key, one in found.items()} == dict.fromkeys(keys, (b"24", 24))
    assert sum(conflicts) > 0, "the workers never met; this shows nothing"


async def test_states_that_cannot_be_read_are_an_absent_server(log: PostgresLog) -> None:
    await log.close()

    with pytest.raises(Unavailable, match="states cannot be read"):
        await PostgresStates(log.pool).load("s", frozenset({"k"}))
