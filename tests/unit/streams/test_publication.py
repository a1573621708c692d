"""Publication: said once, found in force by whoever reads from the beginning, taken back once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.factories import NOON, a_constitution, a_policy, a_policy_proposed

from prefstream.adapters.log import LogWriter
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import BadInput
from prefstream.schemas.policies import CalibrationWindow, Certificate, PolicyPublished, PolicySuperseded
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import CONFIGURATION, POLICIES_PUBLISHED, TOPIC_OF
from prefstream.streams.configuration import ConfigurationView
from prefstream.streams.publication import (
    approve_policy,
    policies_in_log,
    publish_constitution,
    publish_policy,
    revoke_policy,
    say,
)

DEFAULT = a_constitution(title="the default")
FIRST, SECOND = a_policy(name="first"), a_policy(name="second")
CERTIFIED = a_policy(
    name="certified",
    certificate=Certificate(method="fixed_sequence", window=CalibrationWindow(labels=100), spent=0.05),
)


@dataclass
class MemoryLog:
    """A log of one partition a topic; reading beyond its end waits for news."""

    records: dict[str, list[LogRecord]] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, record: LogRecord) -> None:
        held = self.records.setdefault(record.topic, [])
        held.append(
            LogRecord(
                topic=record.topic,
                partition=0,
                offset=len(held),
                timestamp_ms=0,
                key=record.key,
                value=record.value,
                headers=record.headers,
            )
        )
        self.news.set()
        self.news = asyncio.Event()

    async def writer(self) -> LogWriter:
        return self

    async def append(self, records: Sequence[OutRecord]) -> None:
        for out in records:
            self.put(
                LogRecord(
                    topic=out.topic,
                    partition=0,
                    offset=0,
                    timestamp_ms=0,
                    key=out.key,
                    value=out.value,
                    headers=out.headers,
                )
            )

    async def ensure_topics(self, *, partitions: int, replication: int) -> Sequence[str]:
        return ()

    async def snapshot(self, topic: str) -> AsyncIterator[LogRecord]:
        for record in list(self.records.get(topic, ())):
            yield record

    async def follow(self, topic: str) -> AsyncIterator[LogRecord]:
        read = 0
        while True:
            news, held = self.news, self.records.get(topic, [])
            for record in held[read:]:
                read += 1
                yield record
            await news.wait()

    async def lags(self) -> dict[str, dict[str, int]]:
        return {}

    async def close(self) -> None:
        """Nothing is held."""


def said(log: MemoryLog) -> dict[str, int]:
    return {spec.name: len(log.records.get(spec.name, ())) for spec in CONFIGURATION}


async def test_publishing_what_is_in_force_says_nothing() -> None:
    log = MemoryLog()

    assert [await publish_policy(log, FIRST, now=NOON) for _ in range(3)] == [True, False, False]
    assert [await publish_constitution(log, DEFAULT, now=NOON) for _ in range(2)] == [True, False]
    assert set(said(log).values()) == {1}


async def test_an_earlier_policy_can_be_put_in_force_again() -> None:
    log = MemoryLog()
    for hours, policy in enumerate((FIRST, SECOND, FIRST)):
        assert await publish_policy(log, policy, now=NOON + timedelta(hours=hours))

    view = ConfigurationView(log, default=DEFAULT)
    await view.open()
    assert view().policy == FIRST
    events = [decode(record.value) for record in log.records[POLICIES_PUBLISHED.name]]
    published = {event.event_id for event in events if isinstance(event, PolicyPublished)}
    assert len(published) == 3, "each publication is an event of its own"
    ended = [event.policy_id for event in events if isinstance(event, PolicySuperseded)]
    assert ended == [FIRST.id, SECOND.id]
    await view.close()


async def test_a_revoked_policy_can_be_published_again_and_nothing_can_be_revoked_twice() -> None:
    log = MemoryLog()
    await publish_policy(log, FIRST, now=NOON)

    assert await revoke_policy(log, reason="drift", now=NOON) == FIRST.id
    with pytest.raises(BadInput, match="no policy is in force"):
        await revoke_policy(log, reason="drift", now=NOON)
    assert await publish_policy(log, FIRST, now=NOON + timedelta(hours=1))


async def test_a_certificate_that_was_revoked_does_not_come_back() -> None:
    log = MemoryLog()
    await publish_policy(log, CERTIFIED, now=NOON)
    await revoke_policy(log, reason="drift", now=NOON)

    with pytest.raises(BadInput, match="was revoked, and its certificate with it"):
        await publish_policy(log, CERTIFIED, now=NOON + timedelta(hours=1))


async def test_a_proposed_policy_is_in_force_only_once_it_is_approved() -> None:
    log = MemoryLog()
    await publish_policy(log, FIRST, now=NOON)
    await say(log, [a_policy_proposed(policy=CERTIFIED)])
    assert (await policies_in_log(log)).active == (await policies_in_log(log)).entry(FIRST.id)

    assert await approve_policy(log, CERTIFIED.id[:12], by="Ada", now=NOON) == CERTIFIED.id

    book = await policies_in_log(log)
    assert book.active is not None
    assert (book.active.policy_id, book.entry(FIRST.id).status) == (CERTIFIED.id, "superseded")
    published = book.active.events[-1]
    assert isinstance(published, PolicyPublished)
    assert published.by == "Ada"
    with pytest.raises(BadInput, match="is active, not proposed"):
        await approve_policy(log, CERTIFIED.id, by="Ada", now=NOON)


async def test_a_proposal_can_be_turned_down_and_is_not_approved_afterwards() -> None:
    log = MemoryLog()
    await publish_policy(log, FIRST, now=NOON)
    await say(log, [a_policy_proposed(policy=CERTIFIED)])

    assert await revoke_policy(log, reason="too few labels", now=NOON, policy_id=CERTIFIED.id) == CERTIFIED.id

    book = await policies_in_log(log)
    assert book.active is not None
    assert (book.active.policy_id, book.entry(CERTIFIED.id).status) == (FIRST.id, "revoked")
    with pytest.raises(BadInput, match="is revoked, not proposed; no policy waits"):
        await approve_policy(log, CERTIFIED.id, by="Ada", now=NOON)


async def test_what_a_compacted_log_keeps_puts_no_old_policy_in_force() -> None:
    """Compaction keeps the newest record of each key; the policy before a revoked one must stay gone."""
    log = MemoryLog()
    await publish_policy(log, FIRST, now=NOON)
    await publish_policy(log, SECOND, now=NOON)
    await revoke_policy(log, reason="drift", now=NOON)
    newest = {record.key: record for record in log.records[POLICIES_PUBLISHED.name]}
    compacted = MemoryLog()
    for record in sorted(newest.values(), key=lambda one: one.offset):
        compacted.put(record)

    view = ConfigurationView(compacted, default=DEFAULT)
    await view.open()
    assert view().policy is None
    assert (await policies_in_log(compacted)).active is None
    await view.close()


async def test_publications_of_one_policy_share_a_key() -> None:
    """Compaction keeps the newest record of a key: a revocation must replace what it revokes."""
    log = MemoryLog()
    await publish_policy(log, FIRST, now=NOON)
    await revoke_policy(log, reason="drift", now=NOON)

    assert {record.key for record in log.records[POLICIES_PUBLISHED.name]} == {FIRST.id.encode()}
    assert set(log.records) <= {spec.name for spec in TOPIC_OF.values()}
