"""Publication: said once, found in force by whoever reads from the beginning, taken back once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.factories import NOON, a_constitution, a_policy

from prefstream.adapters.log import LogWriter
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import BadInput
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import CONFIGURATION, POLICIES_PUBLISHED, TOPIC_OF
from prefstream.streams.configuration import ConfigurationView
from prefstream.streams.publication import publish_constitution, publish_policy, revoke_policy

DEFAULT = a_constitution(title="the default")
FIRST, SECOND = a_policy(name="first"), a_policy(name="second")


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
    ids = {event_id_of(record) for record in log.records[POLICIES_PUBLISHED.name]}
    assert len(ids) == 3, "each publication is an event of its own"
    await view.close()


def event_id_of(record: LogRecord) -> str:
    return decode(record.value).event_id


async def test_a_revoked_policy_can_be_published_again_and_nothing_can_be_revoked_twice() -> None:
    log = MemoryLog()
    await publish_policy(log, FIRST, now=NOON)

    assert await revoke_policy(log, reason="drift", now=NOON) == FIRST.id
    with pytest.raises(BadInput, match="no policy is in force"):
        await revoke_policy(log, reason="drift", now=NOON)
    assert await publish_policy(log, FIRST, now=NOON + timedelta(hours=1))


async def test_publications_of_one_policy_share_a_key() -> None:
    """Compaction keeps the newest record of a key: a revocation must replace what it revokes."""
    log = MemoryLog()
    await publish_policy(log, FIRST, now=NOON)
    await revoke_policy(log, reason="drift", now=NOON)

    assert {record.key for record in log.records[POLICIES_PUBLISHED.name]} == {FIRST.id.encode()}
    assert set(log.records) <= {spec.name for spec in TOPIC_OF.values()}
