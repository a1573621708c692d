"""What may be done to endpoints of webhooks, from the API and from the command line; all of it is noted."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import audit, webhook_deliveries, webhook_endpoints
from prefstream.adapters.postgres.console.webhook_endpoints import Endpoint
from prefstream.adapters.postgres.console.webhook_filling import replay
from prefstream.adapters.settings import WebhookSettings
from prefstream.adapters.webhooks.addresses import check_url
from prefstream.adapters.webhooks.signatures import OUR_BYTES, key_of, secret_of
from prefstream.domain.exchange.webhook_messages import MessageType, message_of
from prefstream.schemas.errors import BadInput

#: Types that an endpoint may choose.
TYPES = tuple(one.value for one in MessageType if one is not MessageType.PING)
#: Hours for which a secret goes on signing beside its successor, unless it is said otherwise.
OVERLAP_HOURS = 24.0
_MOST_TEXT = 500
_MOST_SLICES = 200


class UnknownEndpoint(BadInput):
    """There is no endpoint of this id."""


async def known(source: Connection | asyncpg.Pool, endpoint_id: str) -> Endpoint:
    """Return an endpoint.

    Raises:
        UnknownEndpoint: There is none of this id.
    """
    found = await webhook_endpoints.endpoints(source, endpoint_id)
    if not found:
        raise UnknownEndpoint(f"there is no endpoint {endpoint_id!r}; `prefstream webhooks list` shows them")
    return found[0]


def document_of(endpoint: Endpoint) -> dict[str, Any]:
    """Return an endpoint as plain values; its secrets are told only once, when they are made."""
    return asdict(endpoint)


async def add_endpoint(
    pool: asyncpg.Pool,
    settings: WebhookSettings,
    *,
    url: str,
    types: Sequence[str] = (),
    slices: Sequence[str] = (),
    description: str = "",
    secret: str = "",
    by: str | None,
) -> tuple[Endpoint, str]:
    """Add an endpoint and return it with its secret, which nobody is told again.

    Raises:
        BadInput: The URL, a type or the secret cannot be used.
    """
    wanted = checked(
        {"url": url, "types": types, "slices": slices, "description": description}, settings=settings
    )
    if secret:
        key_of(secret)
    secret = secret or secret_of(secrets.token_bytes(OUR_BYTES))
    endpoint_id = f"ep_{secrets.token_hex(8)}"
    async with pool.acquire() as connection, connection.transaction():
        await webhook_endpoints.add(connection, endpoint_id=endpoint_id, created_by=by, **wanted)
        await _give_secret(connection, endpoint_id, secret, overlap_s=0)
        await audit.note(connection, by, "webhook.added", endpoint_id, {"url": url, "types": list(types)})
        return await known(connection, endpoint_id), secret


async def change_endpoint(
    pool: asyncpg.Pool,
    settings: WebhookSettings,
    endpoint_id: str,
    changes: Mapping[str, Any],
    *,
    by: str | None,
) -> Endpoint:
    """Change an endpoint, or let it be sent to again; what waited for it goes out then.

    Raises:
        BadInput: There is none, or a value cannot be used.
    """
    wanted = checked(changes, settings=settings)
    if "state" in wanted:
        wanted["state_why"] = ""
    if not wanted:
        raise BadInput("nothing to change; name url, description, types, slices or state")
    async with pool.acquire() as connection, connection.transaction():
        if not await webhook_endpoints.change(connection, endpoint_id, wanted):
            await known(connection, endpoint_id)
        await audit.note(connection, by, "webhook.changed", endpoint_id, dict(changes))
        return await known(connection, endpoint_id)


async def remove_endpoint(pool: asyncpg.Pool, endpoint_id: str, *, by: str | None) -> None:
    """Remove an endpoint and what waits for it.

    Raises:
        UnknownEndpoint: There is none of this id.
    """
    async with pool.acquire() as connection, connection.transaction():
        await known(connection, endpoint_id)
        await webhook_endpoints.remove(connection, endpoint_id)
        await audit.note(connection, by, "webhook.removed", endpoint_id)


async def rotate_secret(
    pool: asyncpg.Pool,
    endpoint_id: str,
    *,
    secret: str = "",
    overlap_hours: float = OVERLAP_HOURS,
    by: str | None,
) -> str:
    """Give an endpoint a new secret and return it; the old one signs beside it for a time.

    Raises:
        BadInput: There is no such endpoint, or the secret cannot be used.
    """
    if secret:
        key_of(secret)
    if not 0 <= overlap_hours <= 24 * 90:
        raise BadInput("the old secret can sign beside the new one for 0 to 2160 hours")
    secret = secret or secret_of(secrets.token_bytes(OUR_BYTES))
    async with pool.acquire() as connection, connection.transaction():
        await known(connection, endpoint_id)
        await _give_secret(connection, endpoint_id, secret, overlap_s=overlap_hours * 3600)
        await audit.note(connection, by, "webhook.rotated", endpoint_id, {"overlap_hours": overlap_hours})
    return secret


async def replay_stretch(
    pool: asyncpg.Pool, endpoint_id: str, *, since: datetime, until: datetime, by: str | None
) -> int:
    """Send what the log took in a stretch of time again and return how many deliveries that makes.

    Raises:
        BadInput: There is no such endpoint, or the stretch is empty.
    """
    if since >= until:
        raise BadInput(f"the stretch from {since} to {until} is empty; it must begin before it ends")
    async with pool.acquire() as connection, connection.transaction():
        await known(connection, endpoint_id)
        count = await replay(connection, endpoint_id, since=since, until=until)
        told = {"since": since, "until": until, "count": count}
        await audit.note(connection, by, "webhook.replayed", endpoint_id, told)
    return count


async def retry_failed(pool: asyncpg.Pool, endpoint_id: str, *, by: str | None) -> int:
    """Send what failed for good again and return how many deliveries that are.

    Raises:
        UnknownEndpoint: There is no such endpoint.
    """
    async with pool.acquire() as connection, connection.transaction():
        await known(connection, endpoint_id)
        count = await webhook_deliveries.retry_failed(connection, endpoint_id)
        await audit.note(connection, by, "webhook.retried", endpoint_id, {"count": count})
    return count


async def ping(pool: asyncpg.Pool, endpoint_id: str, *, now: datetime) -> str:
    """Send an endpoint a message that says nothing, and return the message's id.

    Raises:
        UnknownEndpoint: There is no such endpoint.
    """
    message = message_of(MessageType.PING, f"{endpoint_id} {now}", None, now, {"endpoint_id": endpoint_id})
    async with pool.acquire() as connection, connection.transaction():
        await known(connection, endpoint_id)
        await webhook_deliveries.add(connection, endpoint_id, message)
    return message.message_id


def checked(values: Mapping[str, Any], *, settings: WebhookSettings) -> dict[str, Any]:
    """Return the values of an endpoint that are given.

    Raises:
        BadInput: One of them cannot be used.
    """
    wanted = dict(values)
    if "url" in wanted:
        check_url(wanted["url"], allow_private=settings.allow_private)
    strange = sorted(set(wanted.get("types", ())) - set(TYPES))
    if strange:
        raise BadInput(f"there is no type {', '.join(strange)[:200]}; there are {', '.join(TYPES)}")
    slices = wanted.get("slices", ())
    if len(slices) > _MOST_SLICES or not all(0 < len(one) <= 256 and "\x00" not in one for one in slices):
        raise BadInput(f"at most {_MOST_SLICES} slices can be named, each with 1 to 256 characters")
    description = wanted.get("description", "")
    if len(description) > _MOST_TEXT or "\x00" in description:
        raise BadInput(f"a description has at most {_MOST_TEXT} characters and no NUL")
    if wanted.get("state", "active") not in {"active", "paused"}:
        raise BadInput("an endpoint can be made active or paused")
    return {name: list(value) if name in {"types", "slices"} else value for name, value in wanted.items()}


async def _give_secret(connection: Connection, endpoint_id: str, secret: str, *, overlap_s: float) -> None:
    await webhook_endpoints.new_secret(
        connection,
        endpoint_id,
        secret_id=f"sec_{secrets.token_hex(8)}",
        secret=secret,
        overlap_s=overlap_s,
    )
