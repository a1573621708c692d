"""Argilla records as files: pairs out, people's responses in."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import asyncpg
import orjson

from prefstream.adapters.files.formats import open_rows
from prefstream.adapters.files.rows import START, Row
from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.console.texts import constitution_in_force
from prefstream.adapters.postgres.opening import opened, stream_opened
from prefstream.agents.tasks import record_of
from prefstream.domain.exchange.argilla_labels import Reading, labels_of
from prefstream.domain.exchange.argilla_records import record_of as argilla_record
from prefstream.schemas.codec import ERASED, decode
from prefstream.schemas.errors import BadInput
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.records import OutRecord
from prefstream.schemas.values import Provenance

_PAIRS: Final = """
select p.pair_id, a.value as proposed, j.value as judged,
  (select array_agg(l.value order by b.occurred_at, b.event_id) from labels b join archive l using (event_id)
   where b.pair_id = p.pair_id and b.withdrawn_at is null and $3) as labels
from pairs p join archive a on a.event_id = p.proposed_id left join archive j on j.event_id = p.judgement_id
where ($1::text is null or p.slice = $1)
  and ($2 or exists (select from tasks t where t.pair_id = p.pair_id and t.open and t.round = 'annotate'))
  and not exists (select from gold_items g where g.pair_id = p.pair_id)
order by p.pair_id limit $4
"""
_BATCH: Final = 200
_MOST_FINDINGS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which pairs are written, and what of them."""

    slice: str | None = None
    #: Also pairs that nobody is asked for.
    every: bool = False
    #: The judge's verdict as a suggestion.
    suggestions: bool = False
    #: What people said already as responses.
    labels: bool = False
    limit: int | None = None


@dataclass(slots=True, kw_only=True)
class Exported:
    """What was written, and how often a record could not say something that a label says."""

    records: int = 0
    responses: int = 0
    suggestions: int = 0
    lost: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Imported:
    """What was read."""

    records: int = 0
    labels: int = 0
    #: Responses that are drafts or were discarded.
    unfinished: int = 0
    #: Responses that were ours and came back unchanged.
    known: int = 0
    refused: int = 0
    #: The first of the refusals, by line.
    findings: list[tuple[int, str]] = field(default_factory=list)


async def write_records(pool: asyncpg.Pool, path: Path, chosen: Chosen) -> Exported:
    """Write pairs as records: one JSON array, or a line each where the name ends in .jsonl.

    Raises:
        BadInput: The file is there already, or cannot be written.
    """
    done = Exported()
    try:
        with path.open("xb") as out:
            lines = path.suffix in {".jsonl", ".ndjson"}
            out.write(b"" if lines else b"[")
            async for export in _exports(pool, chosen):
                _write(out, export.record, first=done.records == 0, lines=lines)
                done.records += 1
                done.suggestions += len(export.record["suggestions"])
                done.responses += len(export.record["responses"].get("verdict", ()))
                done.lost += export.lost
            out.write(b"" if lines else b"]\n")
    except FileExistsError:
        raise BadInput(f"{path} is there already; name another file") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    return done


async def read_records(
    pool: asyncpg.Pool,
    writer: LogWriter,
    path: Path,
    *,
    now: datetime,
    users: Mapping[str, str],
    provenance: Provenance = Provenance.REAL,
) -> Imported:
    """Read responses and say them as labels; what was said before is said again under the same id.

    Raises:
        BadInput: The file cannot be read.
        Unavailable: The log does not take them.
    """
    constitution = await constitution_in_force(pool)
    clauses = frozenset(one.id for one in constitution.principles) if constitution else None
    reading = Reading(occurred_at=now, users=users, clauses=clauses, provenance=provenance)
    done = Imported()
    batch: list[tuple[int, LabelSubmitted]] = []
    for line, record in _records(path, done):
        done.records += 1
        found = labels_of(record, reading)
        done.unfinished += found.unfinished
        done.known += found.known
        for finding in found.findings:
            _refuse(done, line, finding)
        batch += [(line, label) for label in found.labels]
        if len(batch) >= _BATCH:
            await _say(pool, writer, batch, done)
            batch = []
    await _say(pool, writer, batch, done)
    return done


def read_users(path: Path | None) -> Mapping[str, str]:
    """Return the names of people by the ids of Argilla's users, from a JSON object.

    Raises:
        BadInput: The file cannot be read or is no such object.
    """
    if path is None:
        return {}
    try:
        said = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    if not isinstance(said, dict) or not all(isinstance(one, str) for one in said.values()):
        raise BadInput(f'{path} is not of the form {{"USER ID": "PERSON"}}')
    return said


async def _exports(pool: asyncpg.Pool, chosen: Chosen) -> AsyncIterator[Any]:
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        rows = stream_opened(
            connection,
            _PAIRS,
            chosen.slice,
            chosen.every,
            chosen.labels,
            chosen.limit,
            columns=("proposed", "judged"),
            at_once=_BATCH,
        )
        async for row in rows:
            if ERASED in (row["proposed"], row["judged"]):
                continue
            proposed = decode(row["proposed"])
            if not isinstance(proposed, PairProposed):
                continue
            judged = decode(row["judged"]) if chosen.suggestions and row["judged"] else None
            said = await opened(connection, row["labels"] or ())
            labels = [decode(one) for one in said if one != ERASED]
            yield argilla_record(
                proposed,
                judged=judged if isinstance(judged, PairJudged) else None,
                labels=[one for one in labels if isinstance(one, LabelSubmitted)],
            )


def _records(path: Path, done: Imported) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = open_rows(str(path))
    try:
        for row in reader.rows(START):
            if isinstance(row, Row):
                yield row.line, row.cells
            else:
                _refuse(done, row.line, row.reason)
    finally:
        reader.close()


async def _say(
    pool: asyncpg.Pool, writer: LogWriter, batch: Sequence[tuple[int, LabelSubmitted]], done: Imported
) -> None:
    """Say the labels of pairs that there are; a label of an unknown pair helps nobody."""
    named = list({label.pair_id for _, label in batch})
    rows = await pool.fetch("select pair_id from pairs where pair_id = any($1::text[])", named)
    known = {row["pair_id"] for row in rows}
    records: list[OutRecord] = []
    for line, label in batch:
        if label.pair_id in known:
            records.append(record_of(label))
        else:
            _refuse(done, line, f"there is no pair {label.pair_id!r}")
    await writer.append(records)
    done.labels += len(records)


def _refuse(done: Imported, line: int, why: str) -> None:
    done.refused += 1
    if len(done.findings) < _MOST_FINDINGS:
        done.findings.append((line, why))


def _write(out: IO[bytes], record: Mapping[str, Any], *, first: bool, lines: bool) -> None:
    if lines:
        out.write(orjson.dumps(record) + b"\n")
    else:
        out.write((b"" if first else b",\n") + orjson.dumps(record))
