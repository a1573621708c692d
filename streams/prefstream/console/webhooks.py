"""Endpoints of webhooks over HTTP, for administrators."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from prefstream.adapters.postgres.console import webhook_deliveries, webhook_endpoints
from prefstream.console import webhook_administration as administration
from prefstream.console.parts import TheParts
from prefstream.console.principals import Administers
from prefstream.console.problems import Problem
from prefstream.console.webhook_administration import UnknownEndpoint, document_of
from prefstream.schemas.envelope import Instant
from prefstream.schemas.errors import BadInput

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])

EndpointId = Annotated[str, Path(max_length=64, pattern="^[a-z0-9_]+$")]
_Url = Annotated[str, Field(max_length=2000)]
_Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=200)]
_Text = Annotated[str, Field(max_length=500)]
_Secret = Annotated[str, Field(max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewEndpoint(_Body):
    """A receiver that is to be told."""

    url: _Url
    #: Empty: all types.
    types: _Names = Field(default_factory=list)
    #: Empty: all slices.
    slices: _Names = Field(default_factory=list)
    description: _Text = ""
    #: `whsec_` and base64; empty: one is made.
    secret: _Secret = ""


class ChangedEndpoint(_Body):
    """What is to be different; what is not named stays."""

    url: _Url | None = None
    types: _Names | None = None
    slices: _Names | None = None
    description: _Text | None = None
    state: Literal["active", "paused"] | None = None


class Rotation(_Body):
    """A new secret."""

    secret: _Secret = ""
    overlap_hours: Annotated[float, Field(ge=0, le=2160, allow_inf_nan=False)] = administration.OVERLAP_HOURS


class Stretch(_Body):
    """A stretch of the log."""

    since: Instant
    until: Instant


def _refusal(error: BadInput) -> Problem:
    if isinstance(error, UnknownEndpoint):
        return Problem(404, str(error), kind="unknown_endpoint")
    return Problem(422, str(error), kind="invalid")


@router.get("/endpoints")
async def list_endpoints(parts: TheParts, _: Administers) -> list[dict[str, Any]]:
    """Return the endpoints."""
    return [document_of(one) for one in await webhook_endpoints.endpoints(parts.pool)]


@router.post("/endpoints", status_code=201)
async def add_endpoint(body: NewEndpoint, parts: TheParts, who: Administers) -> dict[str, Any]:
    """Add an endpoint; the answer holds its secret, which is not told again."""
    try:
        endpoint, secret = await administration.add_endpoint(
            parts.pool, parts.settings.webhooks, **body.model_dump(), by=who.person_id
        )
    except BadInput as error:
        raise _refusal(error) from None
    return document_of(endpoint) | {"secret": secret}


@router.get("/endpoints/{endpoint_id}")
async def show_endpoint(endpoint_id: EndpointId, parts: TheParts, _: Administers) -> dict[str, Any]:
    """Return an endpoint."""
    try:
        return document_of(await administration.known(parts.pool, endpoint_id))
    except BadInput as error:
        raise _refusal(error) from None


@router.patch("/endpoints/{endpoint_id}")
async def change_endpoint(
    endpoint_id: EndpointId, body: ChangedEndpoint, parts: TheParts, who: Administers
) -> dict[str, Any]:
    """Change an endpoint; one that was disabled is sent to again once it is made active."""
    changes = {name: value for name, value in body.model_dump().items() if value is not None}
    try:
        changed = await administration.change_endpoint(
            parts.pool, parts.settings.webhooks, endpoint_id, changes, by=who.person_id
        )
    except BadInput as error:
        raise _refusal(error) from None
    return document_of(changed)


@router.delete("/endpoints/{endpoint_id}", status_code=204, response_model=None)
async def remove_endpoint(endpoint_id: EndpointId, parts: TheParts, who: Administers) -> None:
    """Remove an endpoint and what waits for it."""
    try:
        await administration.remove_endpoint(parts.pool, endpoint_id, by=who.person_id)
    except BadInput as error:
        raise _refusal(error) from None


@router.post("/endpoints/{endpoint_id}/secret", status_code=201)
async def rotate_secret(
    endpoint_id: EndpointId, body: Rotation, parts: TheParts, who: Administers
) -> dict[str, str]:
    """Give an endpoint a new secret; the old one signs beside it for a time."""
    try:
        secret = await administration.rotate_secret(
            parts.pool, endpoint_id, **body.model_dump(), by=who.person_id
        )
    except BadInput as error:
        raise _refusal(error) from None
    return {"secret": secret}


@router.post("/endpoints/{endpoint_id}/replay", status_code=202)
async def replay(endpoint_id: EndpointId, body: Stretch, parts: TheParts, who: Administers) -> dict[str, int]:
    """Send what the log took in a stretch of time again, under the same ids."""
    try:
        count = await administration.replay_stretch(
            parts.pool, endpoint_id, since=body.since, until=body.until, by=who.person_id
        )
    except BadInput as error:
        raise _refusal(error) from None
    return {"deliveries": count}


@router.post("/endpoints/{endpoint_id}/retry", status_code=202)
async def retry_failed(endpoint_id: EndpointId, parts: TheParts, who: Administers) -> dict[str, int]:
    """Send what failed for good again."""
    try:
        count = await administration.retry_failed(parts.pool, endpoint_id, by=who.person_id)
    except BadInput as error:
        raise _refusal(error) from None
    return {"deliveries": count}


@router.post("/endpoints/{endpoint_id}/ping", status_code=202)
async def ping(endpoint_id: EndpointId, parts: TheParts, _: Administers) -> dict[str, str]:
    """Send an endpoint a message that says nothing."""
    try:
        message_id = await administration.ping(parts.pool, endpoint_id, now=parts.now())
    except BadInput as error:
        raise _refusal(error) from None
    return {"message_id": message_id}


@router.get("/deliveries")
async def list_deliveries(
    parts: TheParts,
    _: Administers,
    endpoint_id: Annotated[str | None, Query(max_length=64, pattern="^[a-z0-9_]+$")] = None,
    state: Literal["pending", "delivered", "failed"] | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[dict[str, Any]]:
    """Return deliveries, the latest first."""
    return list(
        await webhook_deliveries.listed(
            parts.pool, endpoint_id=endpoint_id, state=state, before=before, limit=limit
        )
    )
