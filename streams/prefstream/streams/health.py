"""Health and metrics of a process, on loopback: /livez, /readyz, /metrics."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from prefstream.schemas.errors import Unavailable
from prefstream.streams.engine import Tally
from prefstream.streams.watchdog import Watchdog

HOST = "127.0.0.1"


class TallyCollector(Collector):
    """Shows the tallies of a process's stages; labels are stage and outcome, both bounded."""

    def __init__(self, tallies: Mapping[str, Tally]) -> None:
        self._tallies = tallies

    def collect(self) -> Iterator[Metric]:
        """Return the metrics as of now."""
        records = CounterMetricFamily(
            "prefstream_stage_records",
            "Records a stage has received, and how they ended: received = done + retry + dead + in flight.",
            labels=["stage", "outcome"],
        )
        outputs = CounterMetricFamily(
            "prefstream_stage_outputs", "Records a stage has said.", labels=["stage"]
        )
        in_flight = GaugeMetricFamily(
            "prefstream_stage_in_flight", "Records received and not yet ended.", labels=["stage"]
        )
        for stage, tally in self._tallies.items():
            for outcome in ("received", "done", "retry", "dead"):
                records.add_metric([stage, outcome], getattr(tally, outcome))
            outputs.add_metric([stage], tally.outputs)
            in_flight.add_metric([stage], tally.in_flight)
        yield from (records, outputs, in_flight)


class HealthServer:
    """Serves health and metrics."""

    def __init__(
        self,
        tallies: Mapping[str, Tally],
        watchdog: Watchdog,
        complaints: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._watchdog = watchdog
        #: What a person has to mend although the process gets on, one sentence each.
        self._complaints = complaints
        self._registry = CollectorRegistry()
        self._registry.register(TallyCollector(tallies))
        Gauge(
            "prefstream_complaints",
            "What a person has to mend although the process gets on; /readyz says what.",
            registry=self._registry,
        ).set_function(lambda: len(self._complaints()))
        self._runner: web.AppRunner | None = None
        self.port = 0
        #: Set once the process takes records.
        self.started = False

    async def start(self, port: int) -> None:
        """Listen; port 0 lets the system choose.

        Raises:
            Unavailable: The port is taken.
        """
        app = web.Application()
        app.add_routes(
            [
                web.get("/livez", self._live),
                web.get("/readyz", self._ready),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, port).start()
        except OSError as error:
            raise Unavailable(
                f"port {port} for health is taken ({error}); set PREFSTREAM_HEALTH_PORT"
            ) from error
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _live(self, _request: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        if not self.started:
            return web.Response(status=503, text="starting\n")
        if self._watchdog.progress.ready(time.monotonic()):
            return web.Response(text="".join(f"{line}\n" for line in ("ready", *self._complaints())))
        stuck_s = self._watchdog.progress.stuck_s(time.monotonic())
        return web.Response(status=503, text=f"no progress for {stuck_s:.0f} s although there is work\n")

    async def _metrics(self, _request: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
