"""`prefstream dev`: what helps to try and to test."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from prefstream.cli.console import note, say

if TYPE_CHECKING:
    from prefstream.adapters.stand_in.options import Options

app = typer.Typer(help="Stand-ins to try and to test with.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `llm-server` a command of its own while it is the only one."""


@app.command("llm-server")
def llm_server(  # noqa: PLR0913, PLR0917  one option each
    port: Annotated[int, typer.Option(help="Port on loopback; 0 lets the system choose.")] = 0,
    latency_ms: Annotated[float, typer.Option(help="Milliseconds until an answer.")] = 0.0,
    error_rate: Annotated[float, typer.Option(help="Share of requests that meet a fault.")] = 0.0,
    overload_rate: Annotated[float, typer.Option(help="Share of requests answered 529.")] = 0.0,
    fault: Annotated[
        list[str] | None, typer.Option(help="A fault that happens; give it again for more. Default: all.")
    ] = None,
    rpm: Annotated[int, typer.Option(help="Requests a minute before 429; 0: no limit.")] = 0,
    seed: Annotated[int, typer.Option(help="Same seed and requests, same answers and faults.")] = 7,
    key: Annotated[str, typer.Option(help="The only key it takes; empty: any.")] = "",
    revoke_after: Annotated[int, typer.Option(help="Requests after which the key is revoked.")] = 0,
    batch_seconds: Annotated[float, typer.Option(help="Seconds a batch of messages takes.")] = 2.0,
    batch_error_rate: Annotated[float, typer.Option(help="Share of a batch that ends errored.")] = 0.0,
    batch_expiry_rate: Annotated[float, typer.Option(help="Share of a batch that ends expired.")] = 0.0,
    json: Annotated[bool, typer.Option("--json", help="Say the address as one line of JSON.")] = False,
) -> None:
    """Stand in for the vendors of language models: both HTTP APIs, on loopback, for nothing.

    Answers fit the schema that is asked for and mean nothing. Their model is named "stand-in:...", and
    what comes of them counts as simulated and enters no release. Faults are server_error, rate_limited,
    slow, cut_off, nonsense, malformed.

    Example: prefstream dev llm-server --latency-ms 500 --error-rate 0.01
    """
    import uvloop

    from prefstream.adapters.stand_in.options import Options

    options = Options(
        seed=seed,
        latency_s=latency_ms / 1000,
        error_rate=error_rate,
        overload_rate=overload_rate,
        requests_per_minute=rpm,
        key=key,
        revoke_after=revoke_after,
        batch_s=batch_seconds,
        batch_error_rate=batch_error_rate,
        batch_expiry_rate=batch_expiry_rate,
        **({"faults": tuple(fault)} if fault else {}),  # type: ignore[arg-type]  # checked by Options
    )
    uvloop.run(_serve(options, port=port, json=json))


async def _serve(options: "Options", *, port: int, json: bool) -> None:

    import orjson

    from prefstream.adapters.signals import stop_on_signals
    from prefstream.adapters.stand_in.server import running

    async with running(options, port=port) as stand_in:
        stop = stop_on_signals()
        if json:
            say(orjson.dumps({"url": stand_in.url, "stand_in": True}).decode())
        else:
            say(f"stand-in, no model: {stand_in.url} (Anthropic), {stand_in.url}/v1 (OpenAI-compatible)")
            note("what it was asked and paid for: GET /_stand_in/counts; Ctrl-C ends it")
        sys.stdout.flush()  # whoever started it waits for the address
        await stop.wait()
