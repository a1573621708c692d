"""The audit trail over HTTP, for administrators."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from prefstream.adapters.postgres.console import audit
from prefstream.console.parts import TheParts
from prefstream.console.principals import Administers

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])
Filter = Annotated[str | None, Query(max_length=300)]


class Act(BaseModel):
    """Something that was done."""

    n: int
    at: datetime
    #: Who did it; `None`: somebody at the command line.
    person_id: str | None
    act: str
    subject: str
    detail: dict[str, Any]


class Acts(BaseModel):
    """A page of the trail, the latest first."""

    acts: list[Act]
    #: Ask with this as `before` for older ones; `None`: these are all.
    next: int | None


@router.get("", summary="What was done, by whom")
async def trail(
    parts: TheParts,
    _admin: Administers,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    act: Filter = None,
    person_id: Filter = None,
    subject: Filter = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Acts:
    """Return privileged acts, the latest first."""
    found = await audit.page(
        parts.pool, before=before, act=act, person_id=person_id, subject=subject, limit=limit
    )
    return Acts(acts=[Act(**one) for one in found], next=found[-1]["n"] if len(found) == limit else None)
