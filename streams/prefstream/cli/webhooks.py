"""`prefstream webhooks`: tell other systems what happens."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from prefstream.cli.console import print_json, say

if TYPE_CHECKING:
    import asyncpg

app = typer.Typer(help="Tell other systems what happens, by signed webhooks.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The endpoint's id, e.g. ep_3f0c....")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="A type to tell of; give it again. Default: all.")
]
Slices = Annotated[
    list[str] | None, typer.Option("--slice", help="A slice to tell of; give it again. Default: all.")
]
Secret = Annotated[str, typer.Option(help="whsec_ and base64; empty: one is made.")]
T = TypeVar("T")


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Where to send: https, or http on this machine.")],
    types: Types = None,
    slices: Slices = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    secret: Secret = "",
    json: Json = False,
) -> None:
    """Add an endpoint and show its secret, once; it is told of what happens from now on.

    Example: prefstream webhooks add https://example.org/hook --type label.resolved
    """
    from dataclasses import asdict

    from prefstream.adapters.settings import Settings
    from prefstream.console import webhook_administration as administration

    settings = Settings().webhooks
    endpoint, made = _done(
        lambda pool: administration.add_endpoint(
            pool,
            settings,
            url=url,
            types=types or (),
            slices=slices or (),
            description=description,
            secret=secret,
            by=None,
        )
    )
    if json:
        print_json(asdict(endpoint) | {"secret": made})
    else:
        say(f"added: {endpoint.endpoint_id}\nits secret, which is not shown again: {made}")


@app.command("list")
def list_endpoints(json: Json = False) -> None:
    """List endpoints and what waits for each.

    Example: prefstream webhooks list
    """
    from dataclasses import asdict

    from prefstream.adapters.postgres.console import webhook_endpoints

    found = _done(webhook_endpoints.endpoints)
    if json:
        print_json({"endpoints": [asdict(one) for one in found]})
        return
    if not found:
        say("no endpoints")
    for one in found:
        what = ", ".join(one.types) or "everything"
        why = f" ({one.state_why})" if one.state_why else ""
        waits = f"{one.pending} pending, {one.failed} failed"
        say(f"{one.endpoint_id}  {one.state}{why}  {one.url}  {what}; {waits}")


@app.command()
def change(
    endpoint: Endpoint,
    url: Annotated[str | None, typer.Option(help="Another address.")] = None,
    types: Types = None,
    slices: Slices = None,
    state: Annotated[str | None, typer.Option(help="active or paused.")] = None,
    json: Json = False,
) -> None:
    """Change an endpoint, pause it, or make one that was disabled active again.

    Example: prefstream webhooks change ep_3f0c4a1be2d59876 --state active
    """
    from dataclasses import asdict

    from prefstream.adapters.settings import Settings
    from prefstream.console import webhook_administration as administration

    given = {"url": url, "types": types, "slices": slices, "state": state}
    changes = {name: value for name, value in given.items() if value is not None}
    settings = Settings().webhooks
    changed = _done(lambda pool: administration.change_endpoint(pool, settings, endpoint, changes, by=None))
    if json:
        print_json(asdict(changed))
    else:
        say(f"{changed.endpoint_id}  {changed.state}  {changed.url}")


@app.command()
def remove(endpoint: Endpoint, json: Json = False) -> None:
    """Remove an endpoint, and with it what waits for it.

    Example: prefstream webhooks remove ep_3f0c4a1be2d59876
    """
    from prefstream.console import webhook_administration as administration

    _done(lambda pool: administration.remove_endpoint(pool, endpoint, by=None))
    _tell({"removed": endpoint}, f"removed: {endpoint}", json=json)


@app.command()
def rotate(
    endpoint: Endpoint,
    secret: Secret = "",
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=2160, help="For how long the old secret signs beside the new one.")
    ] = 24.0,
    json: Json = False,
) -> None:
    """Give an endpoint a new secret and show it, once.

    Example: prefstream webhooks rotate ep_3f0c4a1be2d59876 --overlap-hours 48
    """
    from prefstream.console import webhook_administration as administration

    made = _done(
        lambda pool: administration.rotate_secret(
            pool, endpoint, secret=secret, overlap_hours=overlap_hours, by=None
        )
    )
    told = f"its secret, which is not shown again: {made}\nthe old one signs too for {overlap_hours:g} h"
    _tell({"endpoint_id": endpoint, "secret": made, "overlap_hours": overlap_hours}, told, json=json)


@app.command()
def deliveries(
    endpoint: Annotated[str, typer.Option(help="Only those to this endpoint.")] = "",
    state: Annotated[str, typer.Option(help="pending, delivered or failed.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")] = 50,
    json: Json = False,
) -> None:
    """List deliveries, the latest first.

    Example: prefstream webhooks deliveries --state failed
    """
    from prefstream.adapters.postgres.console import webhook_deliveries

    found = _done(
        lambda pool: webhook_deliveries.listed(
            pool, endpoint_id=endpoint or None, state=state or None, limit=limit
        )
    )
    if json:
        print_json({"deliveries": list(found)})
        return
    if not found:
        say("no deliveries")
    for one in found:
        tries = f"{one['attempts']} tries, last answer {one['last_status'] or 'none'}"
        say(f"{one['message_id']}  {one['endpoint_id']}  {one['type']}  {one['state']}  {tries}")
        if one["last_error"]:
            say(f"    {one['last_error'][:200]}")


@app.command()
def replay(
    endpoint: Endpoint,
    since: Annotated[str, typer.Option(help="ISO 8601: the first moment.")] = "",
    until: Annotated[str, typer.Option(help="ISO 8601: the end. Default: now.")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed for good.")] = False,
    json: Json = False,
) -> None:
    """Send a stretch of the log again, or what failed; the ids stay, so that receivers know repeats.

    Example: prefstream webhooks replay ep_3f0c4a1be2d59876 --since 2026-03-01T00:00:00Z
    """
    from prefstream.console import webhook_administration as administration
    from prefstream.schemas.errors import BadInput

    if failed == bool(since):
        raise BadInput("say --since TIME for a stretch of the log, or --failed for what failed")
    if failed:
        count = _done(lambda pool: administration.retry_failed(pool, endpoint, by=None))
    else:
        first, end = _instant(since), _instant(until)
        count = _done(
            lambda pool: administration.replay_stretch(pool, endpoint, since=first, until=end, by=None)
        )
    _tell({"endpoint_id": endpoint, "deliveries": count}, f"to be sent again: {count}", json=json)


@app.command()
def ping(endpoint: Endpoint, json: Json = False) -> None:
    """Send an endpoint a message that says nothing, to see whether it arrives.

    Example: prefstream webhooks ping ep_3f0c4a1be2d59876
    """
    from datetime import UTC

    from prefstream.console import webhook_administration as administration

    message_id = _done(lambda pool: administration.ping(pool, endpoint, now=datetime.now(UTC)))
    told = f"under way: {message_id}; see `prefstream webhooks deliveries --endpoint {endpoint}`"
    _tell({"endpoint_id": endpoint, "message_id": message_id}, told, json=json)


def _instant(text: str) -> datetime:
    from datetime import UTC

    from prefstream.schemas.errors import BadInput

    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no time; write it as 2026-03-01T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tell(document: dict[str, Any], text: str, *, json: bool) -> None:
    if json:
        print_json(document)
    else:
        say(text)


def _done(work: "Callable[[asyncpg.Pool], Awaitable[T]]") -> T:
    import asyncio

    from prefstream.adapters.postgres.connection import pool_of
    from prefstream.adapters.settings import Settings
    from prefstream.streams.places import find_places

    async def main() -> T:
        async with pool_of(find_places(Settings()).dsn.get_secret_value(), size=1) as pool:
            return await work(pool)

    return asyncio.run(main())
