"""The port to a log; Apache Kafka and the Postgres log are its two homes."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from prefstream.schemas.records import LogRecord, OutRecord


class LogWriter(Protocol):
    """Appends records."""

    async def append(self, records: Sequence[OutRecord]) -> None:
        """Append records in order per key; returns when every one of them is durable.

        Raises:
            Unavailable: The log does not take them; nothing is known of this batch.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Log(Protocol):
    """What a command or a process may do with the log besides running stages."""

    async def writer(self) -> LogWriter:
        """Return a writer; the caller closes it."""
        ...

    async def ensure_topics(self, *, partitions: int, replication: int) -> Sequence[str]:
        """Create the contract's topics where they are missing and return the names created."""
        ...

    def snapshot(self, topic: str) -> AsyncIterator[LogRecord]:
        """Read a topic from its beginning to its end as of now."""
        ...

    def follow(self, topic: str) -> AsyncIterator[LogRecord]:
        """Read a topic from its beginning and go on for ever."""
        ...

    async def lags(self) -> dict[str, dict[str, int]]:
        """Return, per consumer group and topic, how many records are not yet processed."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
