"""The live feed over real HTTP: nothing missed, nothing twice, the newest to who is slow."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx2
import orjson
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from prefstream.adapters.postgres.connection import AWAY
from prefstream.console.live_feed import Feed
from prefstream.domain.people import Role
from prefstream.schemas.metrics import MetricsUpdated
from tests import factories as make
from tests.console.lines import PATIENCE_S, figures, open_stream, show
from tests.console.running import RunningConsole, Somebody, running_console

pytestmark = pytest.mark.postgres
People = Callable[..., Awaitable[Somebody]]


async def test_first_comes_all_there_is_and_then_what_changes(
    console: RunningConsole, people: People
) -> None:
    await show(console.pool, figures("law", 0.1), figures("code", 0.2), make.an_alert_raised())
    viewer = console.client(await people("viewer"))

    async with open_stream(viewer) as stream:
        begun = await stream.next(3)
        await show(console.pool, figures("law", 0.3))
        (changed,) = await stream.next()

    assert [(one.kind, one.data["slice"]) for one in begun] == [
        ("metrics", "law"),
        ("metrics", "code"),
        ("alert", "arithmetic"),
    ]
    assert (changed.data["slice"], changed.value) == ("law", 0.3)


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(
    console: RunningConsole, people: People
) -> None:
    viewer = console.client(await people("viewer"))
    names = [f"slice-{number}" for number in range(20)]
    seen: dict[str, float] = {}
    ids: list[str] = []

    async def watch_some(count: int) -> None:
        async with open_stream(viewer, after=ids[-1] if ids else None) as stream:
            for one in await stream.next(count):
                seen[one.data["slice"]] = one.value
                ids.append(one.event_id)

    await show(console.pool, *(figures(name, 0.0) for name in names))
    await watch_some(7)
    await show(console.pool, *(figures(name, 0.5) for name in names[:3]))
    await watch_some(10)
    await watch_some(6)

    async with open_stream(viewer, after=ids[-1]) as stream:
        await show(console.pool, figures("last", 1.0))
        (only,) = await stream.next()
    assert only.data["slice"] == "last"
    assert seen == {name: 0.5 if name in names[:3] else 0.0 for name in names}
    assert len(set(ids)) == len(ids) == 23


async def test_unchanged_figures_are_not_told_again(console: RunningConsole, people: People) -> None:
    await show(console.pool, figures("law", 0.1))
    async with open_stream(console.client(await people("viewer"))) as stream:
        await stream.next()
        await show(console.pool, figures("law", 0.1))
        await show(console.pool, figures("code", 0.1))

        assert [one.data["slice"] for one in await stream.next()] == ["code"]


async def test_filters_narrow_what_is_told(console: RunningConsole, people: People) -> None:
    both = ("alpha_nominal", "informativeness")
    await show(
        console.pool,
        figures("law", 0.1, statistics=both),
        figures("law", 0.2, window="1h", statistics=both),
        figures("code", 0.3, statistics=both),
    )

    async with open_stream(
        console.client(await people("viewer")), slice="law", window="24h", statistic="informativeness"
    ) as stream:
        (one,) = await stream.next()
        await show(console.pool, figures("code", 0.4), figures("law", 0.5, statistics=both))
        (next_one,) = await stream.next()

    assert [each["statistic"] for each in one.data["measurements"]] == ["informativeness"]
    assert (one.value, next_one.value) == (0.1, 0.5)


async def test_a_slow_client_gets_the_newest_state_and_no_backlog(
    console: RunningConsole, people: People
) -> None:
    client = console.client(await people("viewer"))
    wide = tuple(f"funnel:{'x' * 200}{number}" for number in range(100))
    async with open_stream(client) as stream:
        for number in range(300):
            await show(console.pool, figures("law", float(number), statistics=wide))
        told = await stream.until(lambda one: one.value == 299.0)

    values = [one.value for one in told]
    assert values == sorted(set(values))
    assert len(values) < 250, "what a client did not read in time must not queue up"


async def test_an_alert_that_is_over_is_told_to_who_saw_it_and_not_to_the_new(
    console: RunningConsole, people: People
) -> None:
    await show(console.pool, make.an_alert_raised())
    client = console.client(await people("viewer"))
    async with open_stream(client) as old:
        await old.next()
        await show(console.pool, make.an_alert_cleared())
        (cleared,) = await old.next()
        await show(console.pool, figures("law", 0.1))
        async with open_stream(client) as new:
            begun = await new.next()

    assert cleared.data["type"] == "AlertCleared"
    assert [one.kind for one in begun] == ["metrics"]


@pytest.mark.parametrize("after", ["7", "nonsense", "1-2-3", "9" * 90])
async def test_an_id_that_was_never_sent_is_refused(
    console: RunningConsole, people: People, after: str
) -> None:
    client = console.client(await people("viewer"))

    answer = await client.get("/api/v1/live", headers={"Last-Event-ID": after})

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:prefstream:problem:bad_event_id"


@pytest.mark.parametrize("after", ["1-5", "future"])
async def test_an_id_of_another_database_begins_anew(
    console: RunningConsole, people: People, after: str
) -> None:
    await show(console.pool, figures("law", 0.1))
    client = console.client(await people("viewer"))
    async with open_stream(client) as stream:
        (one,) = await stream.next()
    epoch = one.event_id.partition("-")[0]

    async with open_stream(client, after=f"{epoch}-999999" if after == "future" else after) as stream:
        told = await stream.next(2)

    assert [each.kind for each in told] == ["reset", "metrics"]


async def test_the_line_stands_while_the_database_is_away_and_nothing_is_missed(
    console: RunningConsole, people: People
) -> None:
    await show(console.pool, figures("law", 0.1))
    async with open_stream(console.client(await people("viewer"))) as stream:
        await stream.next()
        await console.pool.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        await _shown_at_last(console, figures("law", 0.2))
        (changed,) = await stream.next()

    assert changed.value == 0.2


async def _shown_at_last(console: RunningConsole, event: MetricsUpdated) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(*AWAY):
                await show(console.pool, event)
                return


async def test_two_hundred_clients_are_told_the_same(console: RunningConsole, people: People) -> None:
    client = console.client(await people("viewer"), limits=httpx2.Limits(max_connections=None))
    await show(console.pool, figures("law", 0.0))

    async def watch() -> list[float]:
        async with open_stream(client) as stream:
            return [one.value for one in await stream.until(lambda one: one.value == 1.0)]

    watching = [asyncio.create_task(watch()) for _ in range(200)]
    async with asyncio.timeout(60):
        while console.parts.feed.clients < 200:
            await asyncio.wait(watching, timeout=0.05)
        for value in (0.5, 1.0):
            await show(console.pool, figures("law", value))
        told = await asyncio.gather(*watching)

    assert all(values[0] == 0.0 and values[-1] == 1.0 and values == sorted(set(values)) for values in told)


@pytest.mark.parametrize("role", list(Role))
async def test_only_who_may_read_watches(console: RunningConsole, people: People, role: Role) -> None:
    await show(console.pool, figures("law", 0.1))
    client = console.client(await people(role))

    async with client.stream("GET", "/api/v1/live") as answer:
        assert answer.status_code == (403 if role is Role.ANNOTATOR else 200)


async def test_nobody_watches_without_saying_who_they_are(console: RunningConsole) -> None:
    assert (await console.client().get("/api/v1/live")).status_code == 401


async def test_there_is_no_statistic_of_that_name(console: RunningConsole, people: People) -> None:
    client = console.client(await people("viewer"))

    answer = await client.get("/api/v1/live", params={"statistic": "kappas"})

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:prefstream:problem:unknown_statistic")


async def test_a_silent_line_says_that_it_stands_and_ends_in_time(postgres_dsn: str) -> None:
    feed = Feed(keep_alive_s=0.05, longest_s=0.5)
    async with running_console(postgres_dsn, parts={"feed": feed}) as console:
        async with open_stream(console.client(await console.person("viewer"))) as stream:
            await stream.silence()
            await stream.end()
        assert feed.clients == 0


async def test_an_open_line_does_not_keep_the_console_from_ending(postgres_dsn: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        async with running_console(postgres_dsn) as console:
            await show(console.pool, figures("law", 0.1))
            client = console.client(await console.person("viewer"))
            stream = open_stream(client)
            opened = await stream.__aenter__()
            await opened.next()
            began_s = asyncio.get_running_loop().time()
        took_s = asyncio.get_running_loop().time() - began_s

    assert took_s < 5


def socket_of(console: RunningConsole, somebody: Somebody | None, query: str = "", **headers: str) -> connect:
    address = console.base_url.replace("http://", "ws://") + f"/api/v1/live/ws{query}"
    return connect(address, additional_headers=(somebody.headers if somebody else {}) | headers, proxy=None)


async def said(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        found: dict[str, Any] = orjson.loads(await socket.recv())
        return found


async def test_a_websocket_tells_the_same_and_goes_on_where_it_was(
    console: RunningConsole, people: People
) -> None:
    viewer = await people("viewer")
    await show(console.pool, figures("law", 0.1))
    async with socket_of(console, viewer) as socket:
        first = await said(socket)
    await show(console.pool, figures("code", 0.2))

    async with socket_of(console, viewer, f"?after={first['id']}") as socket:
        second = await said(socket)

    assert (first["type"], first["data"]["slice"], second["data"]["slice"]) == ("metrics", "law", "code")


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("annotator", 403)])
async def test_a_websocket_is_refused_to_who_may_not_read(
    console: RunningConsole, people: People, role: str | None, status: int
) -> None:
    somebody = await people(role) if role else None

    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        async with socket_of(console, somebody):
            pass

    assert refused.value.response.status_code == status


async def test_a_websocket_of_another_site_is_refused_although_the_cookie_comes_along(
    console: RunningConsole, people: People
) -> None:
    client = await console.logged_in(await people("viewer"))
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    await show(console.pool, figures("law", 0.1))

    async with socket_of(console, None, Cookie=cookie, Origin=console.base_url) as socket:
        assert (await said(socket))["type"] == "metrics"
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        async with socket_of(console, None, Cookie=cookie, Origin="https://evil.example"):
            pass

    assert refused.value.response.status_code == 403


async def test_a_websocket_with_a_bad_id_is_refused(console: RunningConsole, people: People) -> None:
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        async with socket_of(console, await people("viewer"), "?after=nonsense"):
            pass

    assert refused.value.response.status_code == 400
