"""What a process tells about itself on its port, and how its counters add up there."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import pytest

from prefstream.schemas.errors import Unavailable
from prefstream.streams.engine import Tally
from prefstream.streams.health import HealthServer
from prefstream.streams.watchdog import Observation, Watchdog


async def nothing_waits() -> Observation:
    return Observation(waiting=0, dealt_with=0)


def a_watchdog() -> Watchdog:
    return Watchdog(nothing_waits, stall_s=3600, on_stall=lambda: None)


@asynccontextmanager
async def serving(
    tallies: Mapping[str, Tally], watchdog: Watchdog | None = None
) -> AsyncIterator[HealthServer]:
    server = HealthServer(tallies, watchdog or a_watchdog())
    await server.start(0)
    try:
        yield server
    finally:
        await server.close()


async def told(server: HealthServer, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}{path}") as answer,
    ):
        return answer.status, await answer.text()


def figures(exposition: str) -> dict[str, float]:
    return {
        match[1]: float(match[2])
        for match in re.finditer(r"^(prefstream_\S+) (\S+)$", exposition, re.MULTILINE)
    }


async def test_a_process_is_alive_at_once_and_ready_once_it_takes_records() -> None:
    async with serving({}) as server:
        assert await told(server, "/livez") == (200, "alive\n")
        assert (await told(server, "/readyz"))[0] == 503
        server.started = True
        assert await told(server, "/readyz") == (200, "ready\n")


async def test_a_process_that_is_stuck_is_alive_but_not_ready_and_says_for_how_long() -> None:
    watchdog = a_watchdog()
    async with serving({}, watchdog) as server:
        server.started = True
        watchdog.progress.observe(Observation(waiting=5, dealt_with=0), 0.0)
        watchdog.progress._since_s -= 2000

        assert (await told(server, "/livez"))[0] == 200
        status, text = await told(server, "/readyz")

    assert status == 503
    assert re.search(r"no progress for \d+ s although there is work", text)


async def test_what_a_person_has_to_mend_is_told_while_the_process_goes_on() -> None:
    complaints = ["the key was refused for anthropic:m"]
    server = HealthServer({}, a_watchdog(), lambda: complaints)
    await server.start(0)
    server.started = True
    try:
        assert await told(server, "/readyz") == (200, "ready\nthe key was refused for anthropic:m\n")
        assert "prefstream_complaints 1.0" in (await told(server, "/metrics"))[1]
        complaints.clear()
        assert await told(server, "/readyz") == (200, "ready\n")
        assert "prefstream_complaints 0.0" in (await told(server, "/metrics"))[1]
    finally:
        await server.close()


async def test_the_counters_show_what_a_stage_received_and_how_it_ended() -> None:
    tallies = {"judging": Tally(received=10, done=5, retry=2, dead=1, outputs=6), "routing": Tally()}
    async with serving(tallies) as server:
        _, before = await told(server, "/metrics")
        tallies["judging"].done += 2
        _, after = await told(server, "/metrics")

    def of(exposition: str, outcome: str) -> float:
        return figures(exposition)[f'prefstream_stage_records_total{{outcome="{outcome}",stage="judging"}}']

    in_flight = 'prefstream_stage_in_flight{stage="judging"}'
    for exposition, left in ((before, 2), (after, 0)):
        assert figures(exposition)[in_flight] == left
        ended = sum(of(exposition, outcome) for outcome in ("done", "retry", "dead"))
        assert of(exposition, "received") == ended + left
    assert figures(after)['prefstream_stage_outputs_total{stage="judging"}'] == 6
    assert figures(after)['prefstream_stage_in_flight{stage="routing"}'] == 0


async def test_a_port_that_is_taken_is_named_with_its_setting() -> None:
    async with serving({}) as first:
        second = HealthServer({}, a_watchdog())
        with pytest.raises(Unavailable, match="PREFSTREAM_HEALTH_PORT") as raised:
            await second.start(first.port)
        await second.close()

    assert str(first.port) in str(raised.value)


async def test_only_this_machine_can_ask() -> None:
    async with serving({}) as server:
        assert server._runner is not None
        assert {address[0] for address in server._runner.addresses} == {"127.0.0.1"}
