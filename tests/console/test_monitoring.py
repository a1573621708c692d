"""Rules and dashboards for Prometheus and Grafana, held against the figures that really show."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from ops.grafana.make_dashboards import files
from prometheus_client.parser import text_string_to_metric_families

from prefstream.domain.measures import CATALOG
from prefstream.schemas.metrics import Measurement
from prefstream.streams.engine import Tally
from prefstream.streams.health import HealthServer
from prefstream.streams.watchdog import Observation, Watchdog
from tests import factories as make
from tests.console.lines import show
from tests.console.running import RunningConsole
from tests.console.test_live import People

PROMETHEUS = Path(__file__).parents[2] / "ops" / "prometheus"
RULES = ("recording.yml", "alerts.yml")
#: What Prometheus itself shows.
_ITS_OWN = frozenset({"up"})
_NAME = re.compile(r"\b(?:(?:slice|stage):)?prefstream_[a-z0-9_]+(?::[a-z0-9]+)?|\bup\b")


@pytest.fixture(scope="session")
def promtool() -> str:
    """Give promtool: the one that is installed, or in CI the one of the Debian package."""
    if shutil.which("promtool") is None and os.environ.get("CI") and os.geteuid() == 0:
        subprocess.run(
            ["apt-get", "install", "-y", "prometheus"], check=False, timeout=100, capture_output=True
        )
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    return found


def run(*arguments: str, folder: Path = PROMETHEUS) -> str:
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_rules_and_their_tests_hold(promtool: str) -> None:
    run(promtool, "check", "rules", *RULES)
    run(promtool, "check", "config", "prometheus.yml")
    run(promtool, "test", "rules", "rule_tests.yml")


def test_every_alert_rule_has_a_test() -> None:
    said = (PROMETHEUS / "rule_tests.yml").read_text("utf-8")

    untested = [rule["alert"] for rule in rules("alerts.yml") if rule["alert"] not in said]

    assert untested == []


def test_dashboards_are_as_they_are_made() -> None:
    assert {path: path.read_text("utf-8") for path in files()} == dict(files())


def test_dashboards_ask_for_statistics_that_exist() -> None:
    steps = {name.removeprefix("funnel:") for name in CATALOG}

    asked = {
        name
        for expression in expressions()
        for names in re.findall(r'statistic=~?"([^"$]+)"', expression)
        for name in names.split("|")
    }

    assert asked - steps == set()


@pytest.mark.postgres
async def test_rules_and_dashboards_use_names_that_show(console: RunningConsole, people: People) -> None:
    shown = {name for name, _, _ in await recorded(console, people)} | _ITS_OWN
    derived = {rule["record"] for rule in rules("recording.yml")}
    asked = [rule["expr"] for name in RULES for rule in rules(name)] + list(expressions())

    used = {name for expression in asked for name in _NAME.findall(expression)}

    assert used - shown - derived == set()


@pytest.mark.postgres
async def test_every_panel_has_something_to_draw(
    console: RunningConsole, people: People, promtool: str, tmp_path: Path
) -> None:
    samples = await recorded(console, people)
    for name in RULES:
        shutil.copy(PROMETHEUS / name, tmp_path)
    series = [{"series": f"{name}{{{labels}}}", "values": f"{value}+1x60"} for name, labels, value in samples]
    drawn = [
        {
            "expr": f"clamp_max(count({filled(expression)}), 1)",
            "eval_time": "20m",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for expression in expressions()
    ]
    document = {
        "rule_files": list(RULES),
        "evaluation_interval": "15s",
        "tests": [{"interval": "30s", "input_series": series, "promql_expr_test": drawn}],
    }
    (tmp_path / "panels.yml").write_text(yaml.safe_dump(document, width=10_000), "utf-8")

    run(promtool, "test", "rules", "panels.yml", folder=tmp_path)


def rules(name: str) -> list[dict[str, Any]]:
    document = yaml.safe_load((PROMETHEUS / name).read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    for text in files().values():
        for panel in json.loads(text)["panels"]:
            yield from (target["expr"] for target in panel["targets"])


def filled(expression: str) -> str:
    return expression.replace("$slice", ".*").replace("$window", "24h")


async def recorded(console: RunningConsole, people: People) -> list[tuple[str, str, float]]:
    """Return what the console and another process show: name, labels, value."""
    every = tuple(Measurement(statistic=name, value=0.5, low=0.4, high=0.6, n=100) for name in CATALOG)
    await show(
        console.pool,
        make.a_metrics_updated(slice="law", window="24h", measurements=every),
        make.an_alert_raised(slice="law"),
    )
    await console.parts.feed.look(console.pool)
    client = console.client(await people("viewer"))
    texts = [(await client.get("/metrics")).text, await _of_a_process(client)]
    return [
        (one.name, ", ".join(f'{name}="{value}"' for name, value in one.labels.items()), one.value)
        for text in texts
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if not one.name.endswith("_created")
    ]


async def _of_a_process(client: httpx2.AsyncClient) -> str:
    async def observe() -> Observation:
        return Observation(waiting=0, dealt_with=0)

    server = HealthServer({"judging": Tally(received=9, done=8, dead=1)}, Watchdog(observe, stall_s=60))
    await server.start(0)
    try:
        return (await client.get(f"http://127.0.0.1:{server.port}/metrics")).text
    finally:
        await server.close()
