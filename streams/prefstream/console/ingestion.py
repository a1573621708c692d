"""Ingestion over HTTP: prompts, pairs, labels and tasks become events; what is accepted is durable."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel

from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.console import audit, idempotency
from prefstream.agents.ingestion import (
    FIELDS,
    Defaults,
    Findings,
    label_event,
    pair_event,
    prompt_event,
    task_event,
)
from prefstream.agents.tasks import record_of
from prefstream.console.documents import problems
from prefstream.console.incoming import JSON, LINES, Incoming
from prefstream.console.parts import Parts, TheParts
from prefstream.console.principals import Ingests, Principal
from prefstream.console.problems import MEDIA_TYPE, Problem
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import OutRecord
from prefstream.schemas.values import Provenance

router = APIRouter(prefix="/api/v1", tags=["ingestion"])

Kind = Literal["prompts", "pairs", "labels", "tasks"]
MAPPERS: Mapping[Kind, Callable[[Mapping[str, object], Defaults], Event | Findings]] = {
    "prompts": prompt_event,
    "pairs": pair_event,
    "labels": label_event,
    "tasks": task_event,
}
_PROMPT = "Explain a lease to a tenant."
#: A row of each kind, for the document; tests send them.
EXAMPLES: Mapping[Kind, Mapping[str, Any]] = {
    "prompts": {"prompt": _PROMPT, "slice": "law", "tags": ["plain-language"]},
    "pairs": {
        "pair_id": "lease-1",
        "prompt": _PROMPT,
        "response_a": "A lease lets you use the flat for a rent.",
        "response_b": "It depends.",
        "slice": "law",
    },
    "labels": {"pair_id": "lease-1", "annotator": "ada", "verdict": "A>>", "rationale": "B says nothing."},
    "tasks": {"kind": "rating", "prompt": _PROMPT, "response": "It depends.", "slice": "law"},
}
BATCH_ROWS = 500
BATCH_BYTES = 8 * 1024 * 1024
#: Refusals that an answer names; the others are counted.
SHOWN_REFUSALS = 1000
#: Seconds that the log may take for one batch.
_APPEND_S = 30.0


class RefusedRow(BaseModel):
    """A row that was not taken."""

    #: Place of the row, counted from 1.
    line: int
    reasons: list[str]


class Receipt(BaseModel):
    """What became of the rows; whatever is accepted is in the log."""

    accepted: int
    refused: list[RefusedRow]
    #: Refused rows that are not named above.
    refused_besides: int = 0


@dataclass(slots=True)
class Tally:
    """What became of the rows so far."""

    accepted: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    refused_besides: int = 0
    batch: list[OutRecord] = field(default_factory=list)
    size: int = 0

    def refuse(self, line: int, reasons: Sequence[str]) -> None:
        """Count a row that is not taken."""
        if len(self.refused) < SHOWN_REFUSALS:
            self.refused.append(RefusedRow(line=line, reasons=[_short(one) for one in reasons[:20]]))
        else:
            self.refused_besides += 1

    def take(self, record: OutRecord) -> None:
        """Put a record to those that go out next."""
        self.batch.append(record)
        self.size += len(record.value or b"")

    @property
    def full(self) -> bool:
        """Return whether it is time to send."""
        return len(self.batch) >= BATCH_ROWS or self.size >= BATCH_BYTES

    @property
    def answer(self) -> tuple[int, bytes]:
        """Return status and body of the answer: rows of which none could be taken do not fit."""
        told = {
            "accepted": self.accepted,
            "refused": [one.model_dump() for one in self.refused],
            "refused_besides": self.refused_besides,
        }
        if self.refused and not self.accepted:
            problem = Problem(422, "no row could be taken; `refused` says why", kind="all_refused", **told)
            return 422, orjson.dumps(problem.document)
        return 202, orjson.dumps(told)


def _body(kind: Kind) -> dict[str, Any]:
    """Return what the OpenAPI document says of the rows: their fields are those of `prefstream ingest`."""
    row = {
        "type": "object",
        "properties": {one.name: {"description": one.about} for one in FIELDS[kind]},
        "example": EXAMPLES[kind],
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"anyOf": [row, {"type": "array", "items": row}]}},
                LINES[0]: {"schema": {"type": "string", "description": "One row a line."}},
            },
        }
    }


Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A repeat with the same key and body is answered as the first was; kept for a day.",
    ),
]
Said = Annotated[Provenance, Query(description="What the rows come from; all but real enters no release.")]
Prefix = Annotated[
    str, Query(max_length=100, pattern=r"^\S*$", description="Put before every id that a row names.")
]


def _add_route(kind: Kind) -> None:
    async def bring_in(
        request: Request,
        parts: TheParts,
        principal: Ingests,
        key: Key = None,
        provenance: Said = Provenance.REAL,
        prefix: Prefix = "",
    ) -> Response:
        incoming = Incoming(request, most_bytes=parts.settings.console.body_bytes)
        said = Provenance.SIMULATED if principal.simulated else provenance
        arrival = Arrival(
            kind=kind, parts=parts, principal=principal, incoming=incoming, provenance=said, prefix=prefix
        )
        status, body = await (arrival.once(key) if key else arrival.now())
        media_type = JSON if status < 400 else MEDIA_TYPE
        return Response(body, status_code=status, media_type=media_type)

    router.add_api_route(
        f"/{kind}",
        bring_in,
        methods=["POST"],
        name=f"bring_in_{kind}",
        summary=f"Bring {kind} in",
        description=f"Take {kind}: one JSON object, an array, or lines of JSON. What is accepted is durable; "
        "ids come from the content, so a repeat is harmless also without a key.",
        status_code=HTTPStatus.ACCEPTED,
        response_model=Receipt,
        responses=problems(409, 415),
        openapi_extra=_body(kind),
    )


for _kind in MAPPERS:
    _add_route(_kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request that brings rows in."""

    kind: Kind
    parts: Parts
    principal: Principal
    incoming: Incoming
    provenance: Provenance
    prefix: str

    async def now(self) -> tuple[int, bytes]:
        """Take the rows."""
        tally = await self._taken(self.parts.now(), key=None)
        await audit.note(self.parts.pool, *self._told(tally))
        return tally.answer

    async def once(self, key: str) -> tuple[int, bytes]:
        """Take the rows unless that was done before under this key.

        Raises:
            Problem: The key was used for something else (422) or is being answered (409).
        """
        pool, person_id = self.parts.pool, self.principal.person_id
        claim = await idempotency.claim(pool, person_id, key)
        if claim.standing == "running":
            raise Problem(409, "a request with this key is being answered; wait", kind="key_in_use")
        if claim.standing == "answered":
            return await self._repeated(claim)
        try:
            tally = await self._taken(claim.at, key=key)
            async with pool.acquire() as connection, connection.transaction():
                await audit.note(connection, *self._told(tally))
                await idempotency.answered(connection, person_id, key, self.incoming.hash, *tally.answer)
        except BaseException:
            with suppress(*AWAY):  # then it counts as given up after a while
                await asyncio.shield(idempotency.give_up(pool, person_id, key))
            raise
        return tally.answer

    async def _repeated(self, claim: idempotency.Claim) -> tuple[int, bytes]:
        await self.incoming.rest()
        if self.incoming.hash != claim.request_hash:
            raise Problem(422, "this key was used for another request; take a new one", kind="key_reused")
        return claim.status, claim.answer

    async def _taken(self, at: datetime, *, key: str | None) -> Tally:
        """Bring the rows into the log, batch by batch."""
        tally = Tally()
        defaults = Defaults(
            source=f"api/{self.principal.person_id}",
            occurred_at=at,
            provenance=self.provenance,
            prefix=self.prefix,
        )
        async for line, found in _found(self.incoming, self.kind, defaults):
            if isinstance(found, OutRecord):
                tally.take(found)
            else:
                tally.refuse(line, found)
            if tally.full:
                await _sent(self.parts.writer, tally)
                if key:
                    await idempotency.alive(self.parts.pool, self.principal.person_id, key)
        await _sent(self.parts.writer, tally)
        return tally

    def _told(self, tally: Tally) -> tuple[str, str, str, dict[str, Any]]:
        counts = {"accepted": tally.accepted, "refused": len(tally.refused) + tally.refused_besides}
        return self.principal.person_id, f"ingestion.{self.kind}", "", counts


async def _found(
    incoming: Incoming, kind: Kind, defaults: Defaults
) -> AsyncIterator[tuple[int, OutRecord | Sequence[str]]]:
    """Give each row's record, or the reasons why there is none."""
    async for row in incoming.rows():
        if row.values is None:
            yield row.line, [row.reason]
            continue
        event = MAPPERS[kind](row.values, defaults)
        if isinstance(event, Findings):
            yield row.line, event.reasons
            continue
        try:
            yield row.line, record_of(event)
        except ValueError as error:
            yield row.line, [str(error)]


async def _sent(writer: LogWriter, tally: Tally) -> None:
    """Make what has gathered durable, and count it only then.

    Raises:
        Problem: The log does not take it (503); the rows before it are in.
    """
    if not tally.batch:
        return
    try:
        async with asyncio.timeout(_APPEND_S):
            await writer.append(tally.batch)
    except (Unavailable, TimeoutError) as error:
        raise Problem(
            503,
            f"the log does not answer; {tally.accepted} rows are in, send all of them again",
            kind="unavailable",
            retry_after_s=2,
            accepted=tally.accepted,
        ) from error
    tally.accepted += len(tally.batch)
    tally.batch, tally.size = [], 0


def _short(reason: str) -> str:
    return reason.encode("utf-8", "replace").decode()[:500]
