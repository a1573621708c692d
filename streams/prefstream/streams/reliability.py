"""Reliability, live: follows labels and gold answers, and keeps what they say of people in tables.

It keeps the labels in memory and reads what changed. What it writes depends on the labels alone, not on
when it looked: one that was killed begins with all of them and comes to the same tables.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog

from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import quality_labels
from prefstream.adapters.postgres.console.quality_labels import Said
from prefstream.domain.agreement.categories import nominal
from prefstream.domain.reliability import (
    CrowdLabel,
    Estimate,
    SliceTables,
    TablesName,
    Worlds,
    crowd_ballot,
    publication,
    worth_publishing,
)
from prefstream.schemas.reliability import ReliabilityPublished
from prefstream.schemas.values import Provenance
from prefstream.streams.publication import say

log = structlog.get_logger(__name__)

#: Changes that are taken in at once: the labels of years come in parts.
_AT_ONCE = 20_000
_BEGINNING = "0"


@dataclass(slots=True, kw_only=True)
class ReliabilityWatch:
    """Follows what people say."""

    pool: asyncpg.Pool
    log: Log
    worlds: Worlds = field(default_factory=Worlds)
    #: From where on to read next.
    _mark: str = _BEGINNING
    #: What names the tables as they were written; `None`: not looked up yet.
    _written: dict[str, TablesName] | None = None
    #: Estimates whose tables were looked at.
    _seen: dict[str, Estimate] = field(default_factory=dict)

    async def look(self, *, only_due: bool = True) -> Sequence[ReliabilityPublished]:
        """Take in what changed, write the tables of what is due, and publish what is worth it.

        Args:
            only_due: Leave slices be in which little has changed; the first look leaves out none.
        """
        first = self._mark == _BEGINNING
        await self._take_in()
        self.worlds = await asyncio.to_thread(self.worlds.settled, only_due=only_due and not first)
        tables = await asyncio.to_thread(self._tables)
        await self._write(tables)
        return await self._publish(tables)

    async def _take_in(self) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            mark = await quality_labels.mark(connection)
            gold = _gold(await quality_labels.gold_known(connection))
            self.worlds = self.worlds.after((), gold=gold)
            some: list[Said] = []
            async for one in quality_labels.said_since(connection, self._mark):
                some.append(one)
                if len(some) >= _AT_ONCE:
                    self.worlds = await asyncio.to_thread(_with, self.worlds, some)
                    some = []
            self.worlds = await asyncio.to_thread(_with, self.worlds, some)
        self._mark = mark

    def _tables(self) -> list[SliceTables]:
        """Return the tables of the slices that were estimated since the last look."""
        found = []
        for name in self.worlds.slices:
            estimate = self.worlds.slice(name).estimate
            if estimate is None or self._seen.get(name) is estimate:
                continue
            tables = self.worlds.tables(name)
            if tables is not None:
                self._seen[name] = estimate
                found.append(tables)
        return found

    async def _write(self, tables: Sequence[SliceTables]) -> None:
        """Write what differs from what is there, all of it or nothing."""
        if self._written is None:
            self._written = await quality_labels.written(self.pool)
        fresh = {one.slice: one for one in tables if self._written.get(one.slice) != one.name}
        gone = [name for name in self._written if self._is_gone(name)]
        if not fresh and not gone:
            return
        async with self.pool.acquire() as connection, connection.transaction():
            for one in fresh.values():
                await quality_labels.write(connection, one)
            for name in gone:
                await quality_labels.forget(connection, name)
        self._written |= {name: one.name for name, one in fresh.items()}
        for name in gone:
            del self._written[name]

    def _is_gone(self, name: str) -> bool:
        """Return whether no label of a slice counts any more; one that is still to be settled may."""
        one = self.worlds.slice(name)
        return one.estimate is None and not one.changes

    async def _publish(self, tables: Sequence[SliceTables]) -> Sequence[ReliabilityPublished]:
        if not tables:
            return ()
        before = await quality_labels.published(self.pool)
        fresh = [one for one in tables if _worth(one, *before.get(one.slice, (None, 0)))]
        events = [publication(one) for one in fresh]
        await say(self.log, events)
        for one in fresh:
            await quality_labels.note_published(self.pool, one.slice, one)
            log.info("reliability.published", slice=one.slice, labels=one.labels, people=len(one.people))
        return events


async def tables_from_scratch(connection: Connection) -> dict[str, SliceTables]:
    """Return the tables that all labels together give, read at once: what the live ones must equal."""
    said = [one async for one in quality_labels.said_since(connection, _BEGINNING)]
    gold = _gold(await quality_labels.gold_known(connection))
    worlds = Worlds().after(_labels(said), gold=gold).settled()
    return {name: tables for name in worlds.slices if (tables := worlds.tables(name)) is not None}


def _worth(tables: SliceTables, before: str | None, labels_before: int) -> bool:
    return worth_publishing(tables, before=before, labels_before=labels_before)


def _with(worlds: Worlds, said: Sequence[Said]) -> Worlds:
    return worlds.after(_labels(said))


def _labels(said: Sequence[Said]) -> list[tuple[CrowdLabel, Provenance]]:
    return [(_label(one), Provenance(one.provenance)) for one in said]


def _label(one: Said) -> CrowdLabel:
    return crowd_ballot(
        item=one.pair_id,
        annotator=one.annotator,
        verdict=one.verdict,
        slice_name=one.slice,
        event=(one.occurred_at, one.event_id),
        counts=not one.needs_specialist,
        withdrawn=one.withdrawn,
    )


def _gold(known: Sequence[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """Return the known class of items, by slice; that people cannot know is no class of a pair."""
    found: dict[str, dict[str, str]] = {}
    for slice_name, pair_id, expected in known:
        category = nominal(expected)
        if category is not None:
            found.setdefault(slice_name, {})[pair_id] = category
    return found
