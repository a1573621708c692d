"""The configuration in force: the newest word holds, and reading again brings back no older one."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import (
    a_constitution,
    a_constitution_published,
    a_pair_proposed,
    a_policy,
    a_policy_published,
    a_policy_revoked,
    a_record,
    a_reliability_published,
)
from tests.unit.streams.scripted import MemoryWriter

from prefstream.agents.configuration import configured
from prefstream.agents.stage import Configuration
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.policies import Policy
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import CONFIGURATION
from prefstream.streams.configuration import ConfigurationView

DEFAULT = a_constitution(version="default")


class MemoryLog:
    """A log in memory that tells everything from the beginning, then waits for more."""

    def __init__(self) -> None:
        self.records: dict[str, list[LogRecord]] = {spec.name: [] for spec in CONFIGURATION}
        self.news = asyncio.Event()
        self.failure: Exception | None = None

    def add(self, event: Event, value: bytes | None = None) -> None:
        record = a_record(event)
        of_topic = self.records[record.topic]
        changes = {} if value is None else {"value": value}
        of_topic.append(a_record(event, offset=len(of_topic), **changes))
        self.news.set()

    async def snapshot(self, topic: str) -> AsyncIterator[LogRecord]:
        for record in list(self.records[topic]):
            yield record

    async def follow(self, topic: str) -> AsyncIterator[LogRecord]:
        told = 0
        while True:
            while told < len(self.records[topic]):
                yield self.records[topic][told]
                told += 1
                await asyncio.sleep(0)
            if self.failure is not None:
                raise self.failure
            self.news.clear()
            await self.news.wait()

    async def writer(self) -> MemoryWriter:
        return MemoryWriter()

    async def ensure_topics(self, *, partitions: int, replication: int) -> Sequence[str]:
        return []

    async def lags(self) -> dict[str, dict[str, int]]:
        return {}

    async def close(self) -> None:
        """Nothing is held."""


def a_policy_named(name: str) -> Policy:
    return a_policy(name=name)


async def until(view: ConfigurationView, policy: Policy | None) -> None:
    async with asyncio.timeout(20):
        while view().policy != policy:
            await asyncio.sleep(0)


def test_each_kind_of_event_changes_its_own_part() -> None:
    start = Configuration(constitution=DEFAULT)
    constitution, policy = a_constitution(version="2"), a_policy()

    with_constitution = configured(start, a_constitution_published(constitution=constitution))
    with_both = configured(with_constitution, a_policy_published(policy=policy))

    assert (with_constitution.constitution, with_constitution.policy) == (constitution, None)
    assert (with_both.constitution, with_both.policy) == (constitution, policy)
    assert configured(with_both, a_pair_proposed()) == with_both


def test_of_each_slice_the_newest_word_on_its_people_holds() -> None:
    found = Configuration(constitution=DEFAULT)
    for event in (
        a_reliability_published(),
        a_reliability_published(slice="tone", fingerprint="a" * 64),
        a_reliability_published(slice="tone", fingerprint="b" * 64),
    ):
        found = configured(found, event)
    assert {name: crowd.reliability_id for name, crowd in found.crowds.items()} == {
        "arithmetic": "arithmetic#0123456789abcdef",
        "tone": f"tone#{'b' * 16}",
    }


def test_revoking_takes_the_policy_in_force_out_and_no_other() -> None:
    policy = a_policy()
    in_force = Configuration(constitution=DEFAULT, policy=policy)

    assert configured(in_force, a_policy_revoked(policy_id=policy.id)).policy is None
    assert configured(in_force, a_policy_revoked(policy_id=a_policy_named("other").id)).policy == policy


@given(st.lists(st.tuples(st.sampled_from(["publish", "revoke"]), st.integers(0, 3)), max_size=12))
def test_the_newest_policy_holds_unless_it_was_revoked(steps: list[tuple[str, int]]) -> None:
    current, expected = Configuration(constitution=DEFAULT), None
    for step, number in steps:
        policy = a_policy_named(f"policy-{number}")
        if step == "publish":
            current, expected = configured(current, a_policy_published(policy=policy)), policy
        else:
            current = configured(current, a_policy_revoked(policy_id=policy.id))
            expected = None if expected == policy else expected

    assert current.policy == expected


async def test_what_was_published_before_is_in_force_once_it_is_open() -> None:
    log, old, new = MemoryLog(), a_policy_named("old"), a_policy_named("new")
    for policy in (old, new):
        log.add(a_policy_published(policy=policy))
    view = ConfigurationView(log, default=DEFAULT)
    assert view().constitution == DEFAULT

    await view.open()
    try:
        assert view().policy == new
    finally:
        await view.close()


async def test_following_from_the_beginning_brings_no_old_policy_back_in_force() -> None:
    log = MemoryLog()
    policies = [a_policy_named(f"policy-{number}") for number in range(5)]
    for policy in policies:
        log.add(a_policy_published(policy=policy))
    view = ConfigurationView(log, default=DEFAULT)
    await view.open()
    try:
        in_force = set()
        for _ in range(50):  # more than the follower needs to read everything again
            await asyncio.sleep(0)
            in_force.add(view().policy_id)
        assert in_force == {policies[-1].id}

        log.add(a_policy_published(policy=policies[0]))
        await until(view, policies[0])
        log.add(a_policy_revoked(policy_id=policies[0].id))
        await until(view, None)
    finally:
        await view.close()


async def test_a_record_that_cannot_be_read_leaves_what_is_in_force() -> None:
    log, policy = MemoryLog(), a_policy()
    log.add(a_policy_published(policy=policy))
    log.add(a_policy_published(policy=a_policy_named("torn")), value=b"\xff{")
    view = ConfigurationView(log, default=DEFAULT)
    await view.open()
    try:
        assert view().policy == policy
    finally:
        await view.close()


async def test_a_follower_that_loses_the_log_ends_the_process_not_silently() -> None:
    log = MemoryLog()
    view = ConfigurationView(log, default=DEFAULT)
    await view.open()
    try:
        log.failure = Unavailable("the log is away")
        log.news.set()
        with pytest.raises(Unavailable, match="away"):
            await asyncio.wait_for(view.followed(asyncio.Event()), 20)
    finally:
        await view.close()


async def test_a_stop_ends_the_waiting_for_news() -> None:
    log, stop = MemoryLog(), asyncio.Event()
    view = ConfigurationView(log, default=DEFAULT)
    await view.open()
    try:
        stop.set()
        await asyncio.wait_for(view.followed(stop), 20)
    finally:
        await view.close()
