"""The containers are what the code expects, as far as can be seen without an engine."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ops.docker.ready import refusal
from pydantic import BaseModel
from typer.main import get_command

from prefstream.adapters.local.kafka_jars import kafka_version
from prefstream.adapters.settings import Settings
from prefstream.cli.main import root
from prefstream.streams.health import HealthServer
from prefstream.streams.topology import SUPERVISED
from prefstream.streams.watchdog import Observation, Watchdog

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKER = ROOT / "ops" / "docker"
SERVERS = {"kafka", "postgres"}
#: What is done once before the processes start, and by which command.
ONCE = {"migrations": ["db", "upgrade"], "topics": ["topics", "create"]}


def document() -> dict[str, Any]:
    loaded = yaml.safe_load(COMPOSE.read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = document()["services"]
    return found


def dockerfile() -> list[str]:
    """Return the instructions, continued lines joined and comments left out."""
    lines = (DOCKER / "Dockerfile").read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return [line for line in text.replace("\\\n", "").splitlines() if line.strip()]


def setting_names(model: type[BaseModel] = Settings, prefix: str = "PREFSTREAM_") -> Iterator[str]:
    for name, field in model.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield from setting_names(part, f"{prefix}{name.upper()}__")
        else:
            yield prefix + name.upper()


def substituted(value: object) -> str:
    """Return a value as compose does when nothing but the password is set."""
    return re.sub(r"\$\{\w+:?([-?])([^}]*)\}", lambda m: m[2] if m[1] == "-" else "secret", str(value))


def known_command(words: list[str]) -> bool:
    command: Any = get_command(root)
    for word in words:
        command = getattr(command, "commands", {}).get(word)
    return command is not None


def test_the_services_are_servers_preparations_and_the_processes_of_the_chain() -> None:
    assert set(services()) == SERVERS | set(ONCE) | set(SUPERVISED)


@pytest.mark.parametrize("name", SUPERVISED)
def test_each_process_runs_itself_and_waits_for_tables_and_topics(name: str) -> None:
    service = services()[name]

    assert service["command"] == ["run", name]
    assert {one: how["condition"] for one, how in service["depends_on"].items()} == dict.fromkeys(
        ONCE, "service_completed_successfully"
    )


@pytest.mark.parametrize("name", ONCE)
def test_each_preparation_is_a_command_that_ends(name: str) -> None:
    service = services()[name]

    assert service["command"] == ONCE[name]
    assert known_command(ONCE[name])
    assert service["restart"] == "on-failure"


@pytest.mark.parametrize("name", sorted({*SERVERS, *ONCE, *SUPERVISED}))
def test_each_service_has_a_pinned_image_a_restart_rule_and_a_health_check(name: str) -> None:
    service = services()[name]
    _, colon, tag = service["image"].rpartition(":")

    assert colon
    assert tag != "latest"
    assert service["restart"] in {"unless-stopped", "on-failure"}
    assert service["healthcheck"] == {"disable": True} if name in ONCE else service["healthcheck"]["test"]


def test_what_others_wait_for_exists_and_can_be_waited_for() -> None:
    for name, service in services().items():
        for other, how in service.get("depends_on", {}).items():
            needed = services()[other]
            ends = how["condition"] == "service_completed_successfully"
            assert ends == (other in ONCE), f"{name} waits for {other}"
            assert ends or needed["healthcheck"]["test"], f"{name} waits for {other}"


def test_named_volumes_are_declared_and_used() -> None:
    used = {volume.split(":")[0] for service in services().values() for volume in service.get("volumes", [])}

    assert used == set(document()["volumes"])


def test_only_the_console_is_reachable_and_only_from_this_machine() -> None:
    reachable = {name: service["ports"] for name, service in services().items() if "ports" in service}

    assert reachable == {"console": ["127.0.0.1:8484:8484"]}


def test_every_variable_is_a_setting_that_takes_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    known = set(setting_names())
    for name in {*ONCE, *SUPERVISED}:
        environment: Mapping[str, object] = services()[name]["environment"]
        assert set(environment) <= known, name
        with monkeypatch.context() as patch:
            for variable, value in environment.items():
                patch.setenv(variable, substituted(value))
            settings = Settings()
        assert settings.kafka.bootstrap == "kafka:9092"
        assert settings.postgres.dsn.get_secret_value().endswith("@postgres:5432/prefstream")


def test_no_secret_is_written_down() -> None:
    for service in services().values():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY|DSN", variable):
                assert "${" in str(value), variable


def test_kafka_is_the_version_that_tests_run_on_in_kraft_mode_and_makes_no_topics_by_itself() -> None:
    kafka = services()["kafka"]

    assert kafka["image"] == f"apache/kafka:{kafka_version()}"
    assert kafka["environment"]["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert kafka["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_the_image_is_built_in_stages_from_pinned_bases_and_hashed_locks() -> None:
    bases = [line.split()[1] for line in dockerfile() if line.startswith("FROM")]
    installs = [part for line in dockerfile() for part in line.split("&&") if "pip install" in part]

    assert bases == ["python:3.12-slim"] * 2
    assert len(installs) == 3
    assert all("--require-hashes" in part or "--no-deps dist/" in part for part in installs)


def test_the_image_runs_as_an_ordinary_user_and_says_when_it_is_ready() -> None:
    last_stage = dockerfile()[[line.startswith("FROM") for line in dockerfile()].index(True, 1) :]

    assert "USER 10001" in last_stage
    assert any(line.startswith("HEALTHCHECK") and "ready.py" in line for line in last_stage)
    assert 'ENTRYPOINT ["prefstream"]' in last_stage


def test_variables_of_the_image_are_settings() -> None:
    named = {name for line in dockerfile() for name in re.findall(r"\bPREFSTREAM_[A-Z_]+", line)}

    assert named
    assert named <= set(setting_names())


def test_all_that_the_image_copies_exists_and_is_let_through() -> None:
    ignore = (DOCKER / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    copies = [line.split()[1:-1] for line in dockerfile() if line.startswith("COPY") and "--from" not in line]
    copied = {source for sources in copies for source in sources}

    assert "*" in ignore
    assert copied == allowed
    assert [source for source in sorted(copied) if not (ROOT / source).exists()] == []


async def test_ready_says_what_the_process_says() -> None:
    async def idle() -> Observation:
        return Observation(waiting=0, dealt_with=0)

    health = HealthServer({}, Watchdog(idle, stall_s=60.0))
    await health.start(0)
    try:
        before = await asyncio.to_thread(refusal, str(health.port))
        health.started = True
        after = await asyncio.to_thread(refusal, str(health.port))
    finally:
        await health.close()

    assert (before, after) == ("starting", None)
    assert (refusal(str(health.port)) or "").startswith("nothing answers on port")


def test_compose_itself_accepts_the_file() -> None:
    docker = shutil.which("docker")
    version = [docker or "docker", "compose", "version"]
    if docker is None or subprocess.run(version, capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed here")

    checked = subprocess.run(
        [docker, "compose", "-f", str(COMPOSE), "config", "-q"],
        env=dict(os.environ) | {"POSTGRES_PASSWORD": "secret"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
