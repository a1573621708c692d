"""Dead letters as the sink keeps them: found, shown, put back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.log import unpacked
from prefstream.adapters.postgres.projections.letters import ERASED_LETTER
from prefstream.adapters.settings import Settings
from prefstream.agents.tasks import TRUNCATED
from prefstream.schemas.errors import BadInput
from prefstream.schemas.records import Headers, OutRecord
from prefstream.streams.places import find_places, open_log

_COLUMNS = "stage, topic, partition, log_offset, reason, detail, attempt, key, value, headers, at"
#: Where a record came from; as many digits as the database's numbers take for certain.
_WHERE = re.compile(r"(.+)/([0-9]{1,9})@([0-9]{1,18})")
#: Records put back in one go.
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record no stage could handle, and why."""

    stage: str
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    attempt: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def where(self) -> str:
        """Return where the record came from, as commands take it."""
        return f"{self.topic}/{self.partition}@{self.offset}"

    def summary(self) -> dict[str, Any]:
        """Return all but the bytes."""
        return {
            "where": self.where,
            "stage": self.stage,
            "reason": self.reason,
            "detail": self.detail,
            "attempt": self.attempt,
        }

    def document(self) -> dict[str, Any]:
        """Return everything; bytes that are not UTF-8 are shown escaped."""
        return self.summary() | {
            "key": (self.key or b"").decode(errors="backslashreplace"),
            "value": (self.value or b"").decode(errors="backslashreplace"),
            "headers": {name: value.decode(errors="backslashreplace") for name, value in self.headers},
        }

    def record(self) -> OutRecord:
        """Return the record as it goes back to its topic.

        Raises:
            BadInput: The letter carries only the beginning of the record, or the record was erased.
        """
        if self.reason == ERASED_LETTER:
            raise BadInput(f"{self.where} was erased; there is nothing to put back")
        if self.reason.endswith(TRUNCATED):
            raise BadInput(f"{self.where} is too large to put back; the archive has all of it")
        return OutRecord(topic=self.topic, key=self.key or b"", value=self.value or b"", headers=self.headers)


async def listed(*, stage: str | None, limit: int) -> Sequence[DeadLetter]:
    """Return dead letters, the newest first."""
    query = (
        f"select {_COLUMNS} from dead_letters where $1::text is null or stage = $1 order by at desc limit $2"  # noqa: S608
    )
    async with pool_of(_dsn(), size=1) as pool:
        return [_letter(row) for row in await pool.fetch(query, stage, limit)]


async def found(where: str) -> Sequence[DeadLetter]:
    """Return the dead letters of one record; several stages may have given it up.

    Raises:
        BadInput: There is none, or `where` cannot be read.
    """
    query = f"select {_COLUMNS} from dead_letters where topic = $1 and partition = $2 and log_offset = $3"  # noqa: S608
    async with pool_of(_dsn(), size=1) as pool:
        letters = [_letter(row) for row in await pool.fetch(query, *_place(where))]
    if not letters:
        raise BadInput(
            f"there is no dead letter from {where}; `prefstream deadletters list` shows what there is"
        )
    return letters


async def put_back(*, where: str | None, stage: str | None) -> int:
    """Append dead letters to the topics they came from, once each, and return how many.

    A letter is deleted after its record is durable: a crash in between puts it back twice, which
    the event's id makes harmless.
    """
    settings = Settings()
    letters = await found(where) if where else await listed(stage=stage, limit=1_000_000)
    if not where:
        letters = [letter for letter in letters if letter.reason != ERASED_LETTER]
    async with (
        pool_of(_dsn(), size=1) as pool,
        open_log(find_places(settings), partitions=settings.partitions) as log,
    ):
        writer = await log.writer()
        try:
            for start in range(0, len(letters), _BATCH):
                await writer.append([letter.record() for letter in letters[start : start + _BATCH]])
                await _forget(pool, letters[start : start + _BATCH])
        finally:
            await writer.close()
    return len(letters)


async def _forget(pool: asyncpg.Pool, letters: Sequence[DeadLetter]) -> None:
    await pool.executemany(
        "delete from dead_letters where stage = $1 and topic = $2 and partition = $3 and log_offset = $4",
        [(letter.stage, letter.topic, letter.partition, letter.offset) for letter in letters],
    )


def _dsn() -> str:
    return find_places(Settings()).dsn.get_secret_value()


def _place(where: str) -> tuple[str, int, int]:
    read = _WHERE.fullmatch(where)
    if read is None:
        raise BadInput(f"{where!r} is not topic/partition@offset")
    return read[1], int(read[2]), int(read[3])


def _letter(row: asyncpg.Record) -> DeadLetter:
    stage, topic, partition, offset, reason, detail, attempt, key, value, headers, _ = row
    return DeadLetter(
        stage=stage,
        topic=topic,
        partition=partition,
        offset=offset,
        reason=reason,
        detail=detail,
        attempt=attempt,
        key=key,
        value=value,
        headers=unpacked(headers),
    )
