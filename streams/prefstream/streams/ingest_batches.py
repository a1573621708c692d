"""The batches of one file: its rows read, mapped to what goes into the log, and the refused ones."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from prefstream.adapters.files import STDIN, Checkpoint, Position, Reader, Refusal, Row, Unreadable
from prefstream.agents.ingestion import (
    Defaults,
    Findings,
    Kind,
    RecordedVerdict,
    label_event,
    missing_fields,
    pair_event,
    prompt_event,
    recorded_verdict,
    task_event,
)
from prefstream.agents.tasks import record_of
from prefstream.schemas.errors import BadInput
from prefstream.schemas.records import OutRecord
from prefstream.schemas.values import Provenance

Item = OutRecord | RecordedVerdict

BATCH_ROWS = 500
#: A batch of long texts ends early, so that two of them never fill the memory.
BATCH_BYTES = 8 * 1024 * 1024

_EVENTS: Final = {"prompts": prompt_event, "pairs": pair_event, "labels": label_event, "tasks": task_event}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to bring in, and how its rows are to be read."""

    kind: Kind
    #: A path, or "-" for standard input.
    file: str
    #: Where progress is kept.
    folder: Path
    format_name: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    provenance: Provenance = Provenance.REAL
    #: Put before every id of a pair, prompt or group that a row names.
    prefix: str = ""
    #: Event time of rows that carry none; `None` takes the instant the file was begun.
    occurred_at: datetime | None = None
    #: Which log or database the rows go to: another one has seen nothing of the file yet.
    target: str = ""
    #: Forget what is known of the file and read it from its start.
    restart: bool = False

    @property
    def name(self) -> str:
        """Return the file's name without its folder."""
        return "stdin" if self.file == STDIN else Path(self.file).name

    @property
    def key(self) -> str:
        """Return the name under which progress is kept: whatever shapes the events of this file."""
        parts = [
            f"stdin of {os.getpid()}" if self.file == STDIN else str(Path(self.file).resolve()),
            self.kind,
            self.target,
            self.format_name,
            self.provenance,
            self.prefix,
            sorted(self.columns.items()),
            sorted(self.constants.items()),
            self.occurred_at,
        ]
        return sha256(orjson.dumps(parts)).hexdigest()[:32]

    def defaults(self, started_at: datetime) -> Defaults:
        """Return what the rows do not say themselves."""
        return Defaults(
            source=f"ingest/{self.name}"[:256],
            occurred_at=self.occurred_at or started_at,
            provenance=self.provenance,
            prefix=self.prefix,
            columns=self.columns,
            constants=self.constants,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that are made durable together."""

    items: Sequence[Item]
    refusals: Sequence[Refusal]
    #: Where the file has been read to.
    end: Position
    #: Nothing comes after it.
    last: bool


def batches(order: Order, reader: Reader, checkpoint: Checkpoint) -> Iterator[Batch]:
    """Return the rest of the file as batches, the last of them marked, even if it is empty.

    Raises:
        BadInput: The file's columns cannot make such rows.
    """
    defaults = order.defaults(checkpoint.started_at)
    if reader.header is not None and (lacks := missing_fields(order.kind, reader.header, defaults)):
        raise BadInput(f"{order.file}: {'; '.join(lacks)}; its columns are {', '.join(reader.header)}")
    items: list[Item] = []
    refusals: list[Refusal] = []
    size, end = 0, checkpoint.position
    for row in reader.rows(checkpoint.position):
        item = _item(order.kind, row, defaults)
        end = row.end
        if isinstance(item, Findings):
            refusals.append(Refusal(file=order.name, line=row.line, row=end.row, reason=str(item)))
        else:
            items.append(item)
            size += len(item.value) if isinstance(item, OutRecord) else len(item.vote.rationale)
        full = len(items) + len(refusals) >= BATCH_ROWS or size >= BATCH_BYTES
        if full or not reader.ready():
            yield Batch(items=items, refusals=refusals, end=end, last=False)
            items, refusals, size = [], [], 0
    yield Batch(items=items, refusals=refusals, end=end, last=True)


def _item(kind: Kind, row: Row | Unreadable, defaults: Defaults) -> Item | Findings:
    if isinstance(row, Unreadable):
        return Findings(reasons=(row.reason,))
    if kind == "verdicts":
        return recorded_verdict(row.cells, defaults)
    event = _EVENTS[kind](row.cells, defaults)
    if isinstance(event, Findings):
        return event
    try:
        return record_of(event)
    except ValueError as error:
        return Findings(reasons=(str(error),))
