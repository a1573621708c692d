"""Dashboards and rules in a real Prometheus that scrapes a running console and a running process."""

import asyncio
import json
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import yaml
from ops.grafana.make_dashboards import files

from prefstream.domain.measures import CATALOG
from prefstream.schemas.metrics import Measurement
from prefstream.streams.engine import Tally
from prefstream.streams.health import HealthServer
from prefstream.streams.watchdog import Observation, Watchdog
from tests import factories as make
from tests.console.lines import show
from tests.console.running import RunningConsole
from tests.console.test_live import People
from tests.console.test_monitoring import PROMETHEUS, RULES, rules

pytestmark = pytest.mark.postgres
PATIENCE_S = 20.0
WAIT_S = 0.05
SLICES = ("law", "code")
OFFERED = {"slice": SLICES, "window": ("24h", "7d")}


@dataclass(frozen=True, slots=True)
class Asked:
    """A running Prometheus."""

    client: httpx2.AsyncClient

    async def get(self, path: str, **parameters: Any) -> Any:
        answer = await self.client.get(f"/api/v1/{path}", params=parameters)
        assert answer.status_code == 200, f"{path} {parameters}: {answer.text}"
        return answer.json()["data"]

    async def down(self) -> list[str]:
        """Return what has not been scraped twice."""
        found = (await self.get("query", query="count_over_time(up[1h]) and up == 1"))["result"]
        twice = [one for one in found if float(one["value"][1]) >= 2]
        return ["a target is not up"] * (2 - len(twice))

    async def not_drawn(self) -> list[str]:
        """Return the panels that would be empty, for all slices, one, and two."""
        now_s = time.time()
        lines = {"start": now_s - 60, "end": now_s, "step": 1}
        empty = []
        for slices in (".*", "law", "law|code"):
            for title, expression in panels():
                query = expression.replace("$slice", slices).replace("$window", "24h")
                assert "$" not in query
                one = (await self.get("query", query=query))["result"]
                some = (await self.get("query_range", query=query, **lines))["result"]
                empty += [] if one and some else [f"{title}: {query}"]
        return empty

    async def not_offered(self) -> list[str]:
        """Return what Grafana would not offer for a variable."""
        left = []
        for name, query in variables():
            metric, label = query.removeprefix("label_values(").removesuffix(")").split(", ")
            offered = await self.get(f"label/{label}/values", **{"match[]": metric})
            left += [f"{name} {value}" for value in OFFERED[name] if value not in offered]
        return left

    async def not_working(self) -> list[str]:
        """Return the rules that are not there or were not evaluated well."""
        groups = (await self.get("rules"))["groups"]
        well = {rule["name"] for group in groups for rule in group["rules"] if rule["health"] == "ok"}
        ours = [rule for name in RULES for rule in rules(name)]
        return [name for rule in ours if (name := rule.get("record") or rule["alert"]) not in well]

    async def not_raised(self) -> list[str]:
        """Return the alert of prefstream that is not passed on."""
        alerts = (await self.get("alerts"))["alerts"]
        raised = [one["labels"] for one in alerts if one["labels"]["alertname"] == "PrefstreamAlertOpen"]
        return [] if [one for one in raised if one["slice"] == "law"] else ["PrefstreamAlertOpen of law"]


async def never(missing: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """Return what is still missing when patience ends; at once nothing, when nothing is."""
    until_s = time.monotonic() + PATIENCE_S
    while (left := await missing()) and time.monotonic() < until_s:
        await asyncio.sleep(WAIT_S)
    return left


@pytest_asyncio.fixture
async def asked(console: RunningConsole, people: People, tmp_path: Path) -> AsyncIterator[Asked]:
    """Give a Prometheus with our configuration, its targets and times aside, that has scraped."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed (Debian: apt install prometheus)")
    every = tuple(Measurement(statistic=name, value=0.5, low=0.4, high=0.6, n=100) for name in CATALOG)
    for name in SLICES:
        await show(
            console.pool,
            make.a_metrics_updated(slice=name, window="24h", measurements=every),
            make.a_metrics_updated(slice=name, window="7d", measurements=every),
        )
    await show(console.pool, make.an_alert_raised(slice="law"))
    await console.parts.feed.look(console.pool)
    viewer = await people("viewer")
    async with a_process() as port:
        targets = [console.base_url.removeprefix("http://"), f"127.0.0.1:{port}"]
        configure(tmp_path, targets, viewer.token)
        async with (
            running(binary, tmp_path) as base_url,
            httpx2.AsyncClient(base_url=base_url, timeout=30, trust_env=False) as client,
        ):
            prometheus = Asked(client)
            assert await never(prometheus.down) == []
            yield prometheus


@asynccontextmanager
async def a_process() -> AsyncIterator[int]:
    async def observe() -> Observation:
        return Observation(waiting=0, dealt_with=0)

    tallies = {"judging": Tally(received=9, done=7, retry=1, dead=1)}
    server = HealthServer(tallies, Watchdog(observe, stall_s=60))
    await server.start(0)
    try:
        yield server.port
    finally:
        await server.close()


def configure(folder: Path, targets: list[str], token: str) -> None:
    """Write our own configuration and rules, with these targets, and in seconds what takes minutes."""
    document = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    document["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    [job] = document["scrape_configs"]
    job["static_configs"] = [{"targets": targets}]
    job["authorization"] = {"type": "Bearer", "credentials": token}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document), "utf-8")
    for name in RULES:
        rules = (PROMETHEUS / name).read_text("utf-8")
        (folder / name).write_text(
            re.sub(r"^( +interval:) .*$", r"\1 1s", rules, flags=re.MULTILINE), "utf-8"
        )


@asynccontextmanager
async def running(binary: str, folder: Path) -> AsyncIterator[str]:
    """Run Prometheus on a port that the system chooses."""
    said = folder / "said.log"
    options = ["--web.listen-address=127.0.0.1:0", f"--storage.tsdb.path={folder / 'data'}"]
    with said.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            binary, f"--config.file={folder / 'prometheus.yml'}", *options, stderr=errors
        )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while (found := re.search(r'"Listening on" address=(\S+)', said.read_text("utf-8"))) is None:
                assert process.returncode is None, said.read_text("utf-8")
                await asyncio.sleep(WAIT_S)
        yield f"http://{found[1]}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def panels() -> Iterator[tuple[str, str]]:
    """Yield title and query of every panel."""
    for text in files().values():
        for panel in json.loads(text)["panels"]:
            yield from ((panel["title"], target["expr"]) for target in panel["targets"])


def variables() -> Iterator[tuple[str, str]]:
    """Yield name and query of every variable."""
    for text in files().values():
        for one in json.loads(text)["templating"]["list"]:
            yield one["name"], one["query"]["query"]


async def test_every_panel_draws_every_variable_offers_and_every_rule_works(asked: Asked) -> None:
    assert await never(asked.not_drawn) == []
    assert await never(asked.not_offered) == []
    assert await never(asked.not_working) == []
    assert await never(asked.not_raised) == []
