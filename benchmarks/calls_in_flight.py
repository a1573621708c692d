"""Calls in flight: how near thousands of calls at once come to what Little's law allows.

    .venv/bin/python benchmarks/calls_in_flight.py                        # raw client, SDK, ours; then kills
    .venv/bin/python benchmarks/calls_in_flight.py --variants ours --seconds 600 --kills 0
    .venv/bin/python benchmarks/calls_in_flight.py --variants none --kills 10

The stand-in is a process of its own on loopback that answers every message after a set latency. With N
calls in flight and a latency of L seconds no client gets more than N/L answers a second (Little's law).

- `raw` posts with aiohttp and parses the JSON; nothing else.
- `sdk` calls `AsyncAnthropic.messages.create` as its manual has it.
- `plain_sdk` is `ours` by way of the SDK (`plain_sdk`).
- `ours` is the whole of it: the call's identity, the journal in PostgreSQL (read before, durable after), a
  daily budget, limits, the adapter.

Each runs in a process of its own. On a busy machine read the CPU beside the rate: microseconds of one core
per call, by the client alone.

With --kills, `ours` works through a list of calls and is killed with SIGKILL again and again. The stand-in
counts by the body of the request. An answer it gave that was in no journal at the kill is the one that may
be asked for again; any other that is answered twice was paid twice, and the benchmark fails.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import orjson
import structlog
import uvloop

#: The published ceiling of calls per process, and room for others that wait for their turn.
WAITING = 1.25
WARM_UP_S = 8.0
SYSTEM = "Clause correctness (priority 1): the better response is right. " * 90
TOOL = {
    "name": "record_verdict",
    "description": "Record which response is better under each clause, and overall. " * 3,
    "input_schema": {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": ["A>>", "A>", "=", "B>", "B>>"]},
            "rationale": {"type": "string"},
        },
        "required": ["verdict", "rationale"],
    },
}
#: A model that has a price, so that the purse has something to count.
MODEL = "claude-fable-5"
VARIANTS = ("raw", "sdk", "plain_sdk", "ours")


def request_of(number: int) -> dict[str, Any]:
    """Return the request of one call, about eight kilobytes of it."""
    text = f"Pair {number}. " + "Response A says one thing and response B another. " * 30
    return {
        "model": MODEL,
        "max_tokens": 1000,
        "system": SYSTEM,
        "cache": True,
        "messages": [{"role": "user", "content": text}],
        "tools": [TOOL],
        "tool": "record_verdict",
    }


def answer_body() -> bytes:
    """Return the message that the stand-in answers with."""
    said = {"verdict": "A>", "rationale": "Response A is right under correctness. " * 6}
    usage = {
        "input_tokens": 420,
        "output_tokens": 80,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 1500,
    }
    message = {
        "id": "msg_bench",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "tool_use", "id": "t1", "name": "record_verdict", "input": said}],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": usage,
    }
    return orjson.dumps(message)


class StandIn(asyncio.Protocol):
    """One connection of the stand-in: any POST is answered after the latency, any GET with the counts."""

    latency_s = 0.5
    counting = False
    asked: ClassVar[dict[str, int]] = {}
    answered: ClassVar[dict[str, int]] = {}
    body = answer_body()
    message = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with nothing held."""
        self.transport: Any = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.held) < end + 4 + size:
                return
            body, self.held = self.held[end + 4 : end + 4 + size], self.held[end + 4 + size :]
            if head.startswith(b"get"):
                self.tell()
            else:
                self.promise(body)

    def promise(self, body: bytes) -> None:
        """Count a request and answer it later."""
        key = hashlib.blake2b(body, digest_size=12).hexdigest() if self.counting else ""
        if key:
            self.asked[key] = self.asked.get(key, 0) + 1
        asyncio.get_running_loop().call_later(self.latency_s, self.keep, key)

    def keep(self, key: str) -> None:
        """Answer, if anybody is still there."""
        if self.transport.is_closing():
            return
        if key:
            self.answered[key] = self.answered.get(key, 0) + 1
        self.transport.write(self.message)

    def tell(self) -> None:
        """Say what was counted."""
        said = orjson.dumps({"asked": self.asked, "answered": self.answered})
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(said), said))


async def stand_in(latency_s: float, *, counting: bool) -> None:
    """Serve until killed; the port is printed first."""
    StandIn.latency_s, StandIn.counting = latency_s, counting
    server = await asyncio.get_running_loop().create_server(StandIn, "127.0.0.1", 0, backlog=8192)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


Asker = Callable[[int], Awaitable[Any]]


async def raw_asker(url: str) -> Asker:
    """Return the raw client."""
    import aiohttp

    from prefstream.adapters.models.anthropic import message_body

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    headers = {"x-api-key": "key", "content-type": "application/json"}

    async def ask(number: int) -> Any:
        body = orjson.dumps(message_body(request_of(number)))
        async with session.post(f"{url}/v1/messages", data=body, headers=headers) as answer:
            return orjson.loads(await answer.read())

    return ask


async def sdk_asker(url: str) -> Asker:
    """Return the SDK as its manual has it, with as many connections as calls."""
    import anthropic
    import httpx2

    from prefstream.adapters.models.anthropic import message_body

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    client = anthropic.AsyncAnthropic(
        api_key="key",
        base_url=url,
        max_retries=0,
        http_client=anthropic.DefaultAsyncHttpxClient(limits=limits, timeout=600),
    )

    async def ask(number: int) -> Any:
        return await client.messages.create(**message_body(request_of(number)), timeout=600)

    return ask


async def our_asker(url: str, options: argparse.Namespace, *, plain: bool = False) -> Asker:
    """Return ours: journal, limits, adapter."""
    from prefstream.adapters.models.anthropic import AnthropicModel
    from prefstream.adapters.postgres.connection import open_pool
    from prefstream.adapters.settings import BudgetSettings
    from prefstream.schemas.calls import About, Call, Reply
    from prefstream.streams.effects import JournalledEffects
    from prefstream.streams.memory import settle
    from prefstream.streams.purse import opened_purse

    pool = await open_pool(options.dsn, size=10)
    # Open until this process is killed, as all of them are.
    purse = await opened_purse(BudgetSettings(day_usd=Decimal(10**6)), pool).__aenter__()
    model = AnthropicModel(api_key="key", base_url=url, timeout_s=600, plain=plain)
    effects = JournalledEffects(
        pool=pool,
        providers={"anthropic": model},
        in_flight=options.in_flight,
        deadline_s=600,
        purse=purse,
    )
    about = About(purpose="judging", subject="pair", slice="bench", asked_by="anthropic:bench")
    start = options.first
    settle()

    async def ask(number: int) -> Any:
        call = Call(provider="anthropic", request=request_of(start + number), about=about)
        answer = await effects.answer(call)
        if not isinstance(answer, Reply):
            await asyncio.sleep(0.2)
            raise Missed(answer.reason)
        return answer

    return ask


class Missed(Exception):
    """A call that got no answer this time."""


async def asker_of(options: argparse.Namespace) -> Asker:
    """Return what asks in one variant."""
    # What is logged must not mix with the figures.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    match options.variant:
        case "raw":
            return await raw_asker(options.url)
        case "sdk":
            return await sdk_asker(options.url)
        case variant:
            return await our_asker(options.url, options, plain=variant == "plain_sdk")


def rss_mb() -> float:
    """Return the memory this process holds, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


async def rate(options: argparse.Namespace) -> None:
    """Keep calls in flight for a while and print what became of them."""
    ask, done, missed = await asker_of(options), 0, 0
    numbers = iter(range(10**9))

    async def go_on() -> None:
        nonlocal done, missed
        for number in numbers:
            try:
                await ask(number)
                done += 1
            except Missed:
                missed += 1

    # Ours holds back what is too much by itself; the others are given no more than may be under way.
    workers = options.in_flight if options.variant in ("raw", "sdk") else int(options.in_flight * WAITING)
    tasks = [asyncio.create_task(go_on()) for _ in range(workers)]
    await asyncio.sleep(WARM_UP_S)
    memory, before, started, usage = [rss_mb()], done, time.perf_counter(), resource.getrusage(0)
    for _ in range(max(1, int(options.seconds / 5))):
        await asyncio.sleep(min(5.0, options.seconds))
        memory.append(rss_mb())
    took, after = time.perf_counter() - started, resource.getrusage(0)
    cpu_s = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    count = done - before
    said = {
        "per_second": count / took,
        "cpu_us": cpu_s / max(1, count) * 1e6,
        "core_share": cpu_s / took,
        "missed": missed,
        "memory_mb": memory,
    }
    print(json.dumps(said), flush=True)
    del tasks
    os._exit(0)


async def work_through(options: argparse.Namespace) -> None:
    """Have every call of a list answered, however often this process was killed before."""
    ask = await asker_of(options)
    numbers = iter(range(options.calls))

    async def go_on() -> None:
        for number in numbers:
            while True:
                try:
                    await ask(number)
                    break
                except Missed:
                    continue

    workers = int(options.in_flight * WAITING)
    await asyncio.gather(*(go_on() for _ in range(workers)))
    os._exit(0)


@contextmanager
def part(role: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a part of the benchmark in a process of its own for as long as the block lasts."""
    command = [sys.executable, __file__, "--role", role, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def counts_at(url: str) -> dict[str, dict[str, int]]:
    """Return what the stand-in counted."""
    from urllib.request import urlopen

    with urlopen(url) as answer:
        counted: dict[str, dict[str, int]] = json.load(answer)
    return counted


def measure(options: argparse.Namespace, dsn: str) -> bool:
    """Run every variant, print a table, and return whether ours is near enough to Little's law."""
    law = options.in_flight / (options.latency_ms / 1000)
    print(
        f"{options.in_flight} calls in flight, {options.latency_ms:.0f} ms: Little's law allows {law:.0f}/s"
    )
    print(f"{'variant':<10} {'calls/s':>8} {'of law':>7} {'CPU us':>7} {'cores':>6} {'missed':>7}  RSS MB")
    enough = True
    with part("stand-in", "--latency-ms", str(options.latency_ms)) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        for number, variant in enumerate(options.variants):
            seconds = options.seconds if variant == "ours" else min(options.seconds, 15.0)
            told = ("--variant", variant, "--url", url, "--dsn", dsn, "--seconds", str(seconds))
            first = str(number * 10**8)
            with part("rate", *told, "--in-flight", str(options.in_flight), "--first", first) as client:
                assert client.stdout is not None
                said = json.loads(client.stdout.readline() or "{}")
            memory = said["memory_mb"]
            # Twelve samples over the whole time, the first and the last among them.
            places = [round(place * (len(memory) - 1) / 11) for place in range(12)]
            shown = " ".join(f"{memory[place]:.0f}" for place in dict.fromkeys(places))
            print(
                f"{variant:<10} {said['per_second']:>8.0f} {said['per_second'] / law:>7.1%}"
                f" {said['cpu_us']:>7.0f} {said['core_share']:>6.2f} {said['missed']:>7}  {shown}",
                flush=True,
            )
            enough = enough and (variant != "ours" or said["per_second"] >= 0.95 * law)
    return enough


async def journalled(dsn: str) -> set[str]:
    """Return which requests are in the journal, counted as the stand-in counts."""
    import asyncpg

    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("select request_id from journal")
    await connection.close()
    return {row["request_id"] for row in rows}


def keys_of(calls: int) -> dict[str, str]:
    """Return the id of every request in the list by the key that the stand-in counts it under."""
    from prefstream.adapters.models.anthropic import message_body
    from prefstream.schemas.calls import Call

    found = {}
    for number in range(calls):
        body = orjson.dumps(message_body(request_of(number)))
        key = hashlib.blake2b(body, digest_size=12).hexdigest()
        found[key] = Call(provider="anthropic", request=request_of(number)).request_id
    return found


def kill_again_and_again(options: argparse.Namespace, dsn: str) -> bool:
    """Kill ours in the middle of its work, and return whether nothing was paid twice without excuse."""
    chance, excused, calls = random.Random(options.seed), set[str](), options.calls
    ids = keys_of(calls)
    with part("stand-in", "--latency-ms", str(options.latency_ms), "--counting") as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        told = ("--variant", "ours", "--url", url, "--dsn", dsn, "--calls", str(calls))
        for kill in range(options.kills + 1):
            with part("work", *told, "--in-flight", str(options.in_flight)) as client:
                if kill == options.kills:
                    client.wait()
                    break
                try:
                    client.wait(timeout=chance.uniform(6.0, 9.0))
                    print(f"kill {kill + 1}: all calls were done before it; give more --calls")
                    break
                except subprocess.TimeoutExpired:
                    client.send_signal(signal.SIGKILL)
                    client.wait()
            # What is still on its way to the journal or to the stand-in's count comes to rest.
            time.sleep(options.latency_ms / 1000 + 0.5)
            counted, kept = counts_at(url), asyncio.run(journalled(dsn))
            lost = {key for key in counted["answered"] if ids[key] not in kept}
            print(
                f"kill {kill + 1}: {len(kept)} kept, {len(lost - excused)} answered but not yet kept",
                flush=True,
            )
            excused |= lost
        counted, kept = counts_at(url), asyncio.run(journalled(dsn))
    missing = [key for key, request_id in ids.items() if request_id not in kept]
    twice = {key for key, count in counted["answered"].items() if count > 1}
    print(f"{calls} calls, {calls - len(missing)} in the journal, {sum(counted['asked'].values())} requests")
    unanswered = sum(counted["asked"].values()) - sum(counted["answered"].values())
    print(f"asked again because the kill came before the answer: {unanswered}")
    print(f"answered twice because the kill came before the journal: {len(twice & excused)}")
    print(f"answered twice without that excuse: {len(twice - excused)}")
    return not missing and not twice - excused


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--variants", nargs="+", default=["raw", "sdk", "ours"], choices=[*VARIANTS, "none"])
    parser.add_argument("--in-flight", type=int, default=2000)
    parser.add_argument("--latency-ms", type=float, default=500.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument(
        "--calls", type=int, default=150_000, help="calls that are worked through under kills"
    )
    parser.add_argument("--seed", type=int, default=7)
    for hidden in ("--role", "--variant", "--url", "--dsn"):
        parser.add_argument(hidden, default="", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--counting", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


async def prepared(dsn: str) -> None:
    """Make the tables."""
    from prefstream.adapters.postgres.connection import connect
    from prefstream.adapters.postgres.migrations import upgrade

    connection = await connect(dsn)
    await upgrade(connection)
    await connection.close()


def with_database(measured: Sequence[Callable[[str], bool]]) -> bool:
    """Measure against a server of PostgreSQL of its own."""
    from prefstream.adapters.local.postgres import LocalPostgres

    with tempfile.TemporaryDirectory(prefix="calls-in-flight-") as folder:
        postgres = LocalPostgres(Path(folder) / "postgres")
        dsn = postgres.start()
        try:
            asyncio.run(prepared(dsn))
            return all(one(dsn) for one in measured)
        finally:
            postgres.stop()


def main() -> None:
    """Run the benchmark, or one part of it."""
    options = parsed()
    match options.role:
        case "stand-in":
            uvloop.run(stand_in(options.latency_ms / 1000, counting=options.counting))
        case "rate":
            uvloop.run(rate(options))
        case "work":
            uvloop.run(work_through(options))
        case _:
            options.variants = [one for one in options.variants if one != "none"]
            measured: list[Callable[[str], bool]] = []
            if options.variants:
                measured.append(lambda dsn: measure(options, dsn))
            if options.kills:
                measured.append(lambda dsn: kill_again_and_again(options, dsn))
            sys.exit(0 if with_database(measured) else 1)


if __name__ == "__main__":
    main()
