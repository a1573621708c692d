"""A sink that archives the events it is given, each at the next place of its topic."""

import asyncio
from dataclasses import dataclass, field

import asyncpg

from prefstream.schemas.envelope import Event
from prefstream.schemas.topics import TOPIC_OF, TOPICS
from prefstream.streams.sink import Claims, Sink
from tests import factories as make
from tests.unit.streams.scripted import MemoryIntake, MemoryWriter


@dataclass(slots=True, kw_only=True)
class Archiving:
    """The database and what its sink has taken."""

    pool: asyncpg.Pool
    dsn: str
    _ends: dict[str, int] = field(default_factory=dict)

    async def archive(self, *events: Event) -> None:
        """Archive these events."""
        claims = Claims(self.pool)
        await claims.claim([(spec.name, 0) for spec in TOPICS])
        records = []
        for event in events:
            topic = TOPIC_OF[type(event)].name
            offset = self._ends.get(topic, 0)
            self._ends[topic] = offset + 1
            records.append(make.a_record(event, offset=offset))
        stop = asyncio.Event()
        sink = Sink(
            pool=self.pool,
            claims=claims,
            intake=MemoryIntake([records], stop),
            writer=MemoryWriter(),
            refresh_s=60.0,
        )
        async with asyncio.timeout(60):
            await sink.run(stop)
