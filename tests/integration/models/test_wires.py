"""The ways to a model's server, on loopback: kept connections, bounded answers, broken servers, proxies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
import uvloop
from tests.stand_ins.llm import KEY, Step, running

from prefstream.adapters.models import connections
from prefstream.adapters.models.anthropic import AnthropicModel, SdkWire
from prefstream.adapters.models.connections import LeanWire, lean_suffices
from prefstream.adapters.models.openai_compatible import Httpx2Wire, OpenAICompatibleModel
from prefstream.adapters.models.wire import BadAnswer, Cut
from prefstream.schemas.calls import Call, Failure, Reply
from prefstream.schemas.errors import BadInput

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
REQUEST = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """A server that says what bytes a test gives it, and counts connections and requests."""

    def __init__(self, answer: bytes, *, endless: bytes = b"", hang_up: bool = False) -> None:
        self.answer = answer
        self.endless = endless
        self.hang_up = hang_up
        self.connections = 0
        self.requests: list[bytes] = []
        self.sent = 0
        self.gone = asyncio.Event()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(size))
                writer.write(self.answer)
                await writer.drain()
                while self.endless:
                    writer.write(self.endless)
                    await writer.drain()
                    self.sent += len(self.endless)
                if self.hang_up:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.gone.set()
            writer.close()


@asynccontextmanager
async def serving(talk: Talk, **options: Any) -> AsyncIterator[int]:
    server = await asyncio.start_server(talk, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def wired(server: RawServer, *, answer_bytes: int = 10_000) -> AsyncIterator[LeanWire]:
    async with serving(server.talk) as port, asyncio.timeout(30):
        wire = LeanWire(f"http://127.0.0.1:{port}/v1/x?y=1", {"x-api-key": "k"}, answer_bytes=answer_bytes)
        try:
            yield wire
        finally:
            await wire.aclose()


async def test_a_connection_is_used_again_and_every_request_bears_the_head() -> None:
    server = RawServer(ANSWER)
    async with wired(server) as wire:
        for number in range(3):
            await wire.post(b"[%d]" % number)

    assert server.connections == 1
    assert [one.rpartition(b"\r\n\r\n")[2] for one in server.requests] == [b"[0]", b"[1]", b"[2]"]
    assert all(one.startswith(b"POST /v1/x?y=1 HTTP/1.1\r\n") for one in server.requests)
    assert all(b"x-api-key: k\r\n" in one and b"host: 127.0.0.1:" in one for one in server.requests)


async def test_calls_at_once_have_a_connection_each() -> None:
    server = RawServer(ANSWER)
    async with wired(server) as wire:
        await asyncio.gather(*(wire.post(b"{}") for _ in range(5)))
        await asyncio.gather(*(wire.post(b"{}") for _ in range(5)))

    assert (server.connections, len(server.requests)) == (5, 10)


async def test_a_connection_that_its_server_closed_is_not_used_again() -> None:
    server = RawServer(ANSWER, hang_up=True)
    async with wired(server) as wire:
        for _ in range(3):
            await wire.post(b"{}")
            await server.gone.wait()
            server.gone.clear()
            # The news of the end has to come through.
            while wire._idle and not wire._idle[-1].lost:
                await asyncio.sleep(0)

    assert server.connections == 3


async def test_an_unused_connection_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_S", -1.0)
    server = RawServer(ANSWER)
    async with wired(server) as wire:
        for _ in range(3):
            await wire.post(b"{}")

    assert server.connections == 3


@pytest.mark.parametrize(
    "head",
    [b"content-length: 2000000", b"transfer-encoding: chunked", b"x: y"],
    ids=["length", "chunks", "no length"],
)
async def test_a_long_answer_is_refused_without_being_read(head: bytes) -> None:
    """The server would go on for ever; it is cut off soon after the bound."""
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    server = RawServer(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n", endless=piece)
    async with wired(server, answer_bytes=1_000_000) as wire:
        with pytest.raises(BadAnswer, match="longer than 1000000 bytes"):
            await wire.post(b"{}")
        await server.gone.wait()

    # What the system's own buffers take may be sent before the end is heard of.
    assert server.sent < 12_000_000


async def test_a_server_that_hangs_up_in_the_middle_gave_no_answer() -> None:
    server = RawServer(ANSWER[:-1], hang_up=True)
    async with wired(server) as wire:
        with pytest.raises(Cut):
            await wire.post(b"{}")


async def test_a_call_that_is_given_up_leaves_no_connection_behind() -> None:
    server = RawServer(b"")
    async with wired(server) as wire:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await wire.post(b"{}")
        await server.gone.wait()

    assert server.connections == 1


async def test_a_server_is_reached_by_tls_where_its_certificate_is_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    import ssl

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = RawServer(ANSWER)
    async with serving(server.talk, ssl=context) as port, asyncio.timeout(30):
        with pytest.raises(OSError, match=r"(?i)certificate"):
            await LeanWire(f"https://localhost:{port}/", {}).post(b"{}")
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        wire = LeanWire(f"https://localhost:{port}/", {})
        assert (await wire.post(b"{}")).body == b"{}"
        await wire.aclose()


def test_it_works_on_the_loop_that_the_processes_run_on() -> None:
    async def asked() -> bytes:
        async with wired(RawServer(ANSWER)) as wire:
            return (await wire.post(b"{}")).body

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(asked()) == b"{}"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/", "http://", "http://x:port/"])
def test_an_address_that_is_none_is_refused_with_its_name(url: str) -> None:
    with pytest.raises(BadInput, match="address"):
        LeanWire(url, {})


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown() -> None:
    with pytest.raises(BadInput) as refused:
        OpenAICompatibleModel(base_url="http://x/v1", api_key="sk-1\r\nx: y")

    assert "sk-1" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "proxies", "lean"),
    [
        ("https://api.example/v1", {}, True),
        ("https://api.example/v1", {"http": "http://proxy:1"}, True),
        ("https://api.example/v1", {"https": "http://proxy:1"}, False),
        ("http://api.example/v1", {"all": "http://proxy:1"}, False),
        ("https://user:word@api.example/v1", {}, False),
    ],
)
def test_the_lean_wire_leaves_proxies_and_passwords_to_general_clients(
    url: str, proxies: dict[str, str], lean: bool
) -> None:
    assert lean_suffices(url, proxies=lambda: proxies) is lean


def test_behind_a_proxy_general_clients_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert isinstance(AnthropicModel(api_key="k", base_url="https://api.example")._wire, SdkWire)
    assert isinstance(OpenAICompatibleModel(base_url="https://api.example/v1")._wire, Httpx2Wire)


async def test_the_head_is_what_the_sdk_itself_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways ask the same server; what differs is about the connection, or says that the SDK waits."""
    from aiohttp import web

    heads: list[dict[str, str]] = []

    async def noted(request: web.Request) -> web.Response:
        heads.append({name.lower(): value for name, value in request.headers.items()})
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/v1/messages", noted)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        for plain in (True, False):
            model = AnthropicModel(api_key=KEY, base_url=url, plain=plain)
            await model.answer(Call(provider="anthropic", request=REQUEST))
            await model.aclose()
    finally:
        await runner.cleanup()

    about_the_connection = {
        "connection",
        "x-stainless-async",
        "x-stainless-timeout",
        "x-stainless-read-timeout",
    }
    sdk, lean = ({n: v for n, v in head.items() if n not in about_the_connection} for head in heads)
    sdk.pop("user-agent"), lean.pop("user-agent")
    assert lean == sdk


@pytest.mark.parametrize("name", ["anthropic", "anthropic plain", "openai"])
async def test_an_answer_of_two_megabytes_is_unreadable_on_every_way(name: str) -> None:
    async with running(Step(kind="text", text="x" * 2_000_000)) as stand_in:
        if name == "openai":
            model: Any = OpenAICompatibleModel(base_url=f"{stand_in.url}/v1", api_key=KEY)
        else:
            model = AnthropicModel(api_key=KEY, base_url=stand_in.url, plain=name.endswith("plain"))
        answer = await model.answer(Call(provider="x", request=REQUEST))
        await model.aclose()

    assert isinstance(answer, Failure)
    assert (answer.reason, answer.transient) == ("unreadable_answer", True)
    assert "longer than" in answer.detail


async def test_the_way_through_the_sdk_gives_the_same_answers() -> None:
    steps = (Step(), Step(kind="status", status=429, headers={"retry-after": "7"}), Step(kind="cut_off"))
    told = []
    for plain in (True, False):
        async with running(*steps, Step(kind="nonsense")) as stand_in:
            model = AnthropicModel(api_key=KEY, base_url=stand_in.url, plain=plain, clock_ms=lambda: 1)
            told.append([await model.answer(Call(provider="anthropic", request=REQUEST)) for _ in range(4)])
            await model.aclose()

    through_sdk, lean = ([one if isinstance(one, Reply) else one.reason for one in way] for way in told)
    assert lean == through_sdk
    assert lean[1:] == ["rate_limited", "connection", "unreadable_answer"]


async def test_the_way_through_a_general_client_tells_time_outs_from_lost_connections() -> None:
    async with running(Step(kind="slow")) as stand_in:
        wire = Httpx2Wire(f"{stand_in.url}/v1/messages", {"x-api-key": KEY}, timeout_s=0.2, answer_bytes=100)
        with pytest.raises(TimeoutError):
            await wire.post(b"{}")
        await wire.aclose()
    gone = Httpx2Wire(stand_in.url, {}, timeout_s=5.0, answer_bytes=100)
    with pytest.raises(ConnectionError):
        await gone.post(b"{}")
    await gone.aclose()


async def test_a_packed_answer_is_refused_by_general_clients_too() -> None:
    server = RawServer(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}")
    async with serving(server.talk) as port:
        wire = Httpx2Wire(f"http://127.0.0.1:{port}/", {}, timeout_s=5.0, answer_bytes=100)
        with pytest.raises(BadAnswer, match="packed"):
            await wire.post(b"{}")
        await wire.aclose()
