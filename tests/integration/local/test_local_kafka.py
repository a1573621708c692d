"""Apache Kafka as our own child: it keeps its log and never outlives us."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from tests.integration.local.conftest import processes_in, run_program, wait_for

from prefstream.adapters.local import Jars, LocalKafka
from prefstream.schemas.errors import BadInput, Unavailable

pytestmark = pytest.mark.kafka

STARTS_AND_WAITS = """
import sys
from pathlib import Path
from prefstream.adapters.local import LocalKafka, fetch
server = LocalKafka(Path(sys.argv[1]), fetch(Path(sys.argv[2])))
print(server.start(), flush=True)
print(server.pid, flush=True)
sys.stdin.readline()
server.stop()
print("stopped", flush=True)
"""


@pytest.fixture
def server(tmp_path: Path, kafka_jars: Jars) -> Iterator[LocalKafka]:
    server = LocalKafka(tmp_path / "kafka", kafka_jars)
    server.start()
    yield server
    server.stop()


def fill(disk: Path) -> Path:
    """Leave no byte on this disk; give the file to remove."""
    filler = disk / "filler"
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"], capture_output=True, check=False)
    return filler


async def create_topic(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def send(bootstrap: str, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read(bootstrap: str, topic: str, count: int, **settings: object) -> list[bytes]:
    """Read as a member of a group, so that the coordinator is exercised too."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id="readers", auto_offset_reset="earliest",
        enable_auto_commit=False, **settings,
    )  # fmt: skip
    async with consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_events_survive_a_stop_and_a_kill_on_the_same_port(server: LocalKafka) -> None:
    bootstrap = server.bootstrap
    await create_topic(bootstrap, "events")
    await send(bootstrap, "events", b"1", b"2")
    server.stop()
    assert server.pid is None
    assert server.start() == bootstrap
    await send(bootstrap, "events", b"3")
    server.kill()
    assert server.start() == bootstrap
    assert await read(bootstrap, "events", 3) == [b"1", b"2", b"3"]


async def test_topics_are_not_made_by_accident(server: LocalKafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
    await admin.start()
    try:
        await admin.describe_topics(["typo"])
        assert "typo" not in await admin.list_topics()
    finally:
        await admin.close()


def test_a_second_owner_is_told_who_has_the_folder(server: LocalKafka, kafka_jars: Jars) -> None:
    with pytest.raises(
        Unavailable, match=f"in use by Apache Kafka .process {server.pid}, port {server.port}"
    ):
        LocalKafka(server.folder, kafka_jars).start()
    assert server.pid is not None


def test_it_explains_its_own_end(server: LocalKafka) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert wait_for(lambda: server.pid is None)
    assert "Apache Kafka ended by itself" in str(server.ended_because())


def test_a_killed_parent_leaves_no_process(tmp_path: Path, kafka_jars: Jars) -> None:
    folder = tmp_path / "kafka"
    with run_program(STARTS_AND_WAITS, folder, kafka_jars.folder.parent) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        assert Path(f"/proc/{int(parent.stdout.readline())}").exists()
        parent.kill()
    assert wait_for(lambda: not processes_in(folder)), processes_in(folder)
    again = LocalKafka(folder, kafka_jars)
    again.start()
    again.stop()


def test_an_ordinary_user_can_run_it(open_folder: Path, ordinary_user: int | None, kafka_jars: Jars) -> None:
    cache = open_folder / "cache"
    shutil.copytree(kafka_jars.folder, cache / kafka_jars.folder.name)
    with run_program(STARTS_AND_WAITS, open_folder / "kafka", cache, user=ordinary_user) as parent:
        said, complaint = parent.communicate("\n", timeout=90)
    assert parent.returncode == 0, complaint
    assert said.endswith("stopped\n")
    assert not processes_in(open_folder / "kafka")


def test_a_taken_port_is_named(tmp_path: Path, kafka_jars: Jars) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match=rf"Port {taken.getsockname()[1]} .* in use"):
            LocalKafka(tmp_path / "kafka", kafka_jars, taken.getsockname()[1]).start()


async def test_a_disk_that_fills_up_ends_it_with_the_reason_and_loses_nothing(
    small_disk: Path, kafka_jars: Jars
) -> None:
    server = LocalKafka(small_disk / "kafka", kafka_jars)
    bootstrap = server.start()
    await create_topic(bootstrap, "events")
    await send(bootstrap, "events", b"kept")
    filler = fill(small_disk)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", request_timeout_ms=2000) as producer:
        with pytest.raises(KafkaError):
            await producer.send_and_wait("events", bytes(500_000))
    assert wait_for(lambda: server.pid is None)
    assert f"disk of {small_disk}/kafka is full" in str(server.ended_because())
    with pytest.raises(BadInput, match=f"disk of {small_disk}/kafka is full|cannot hold data: No space left"):
        server.start()
    filler.unlink()
    assert await read(server.start(), "events", 1) == [b"kept"]
    server.stop()


def test_a_full_disk_is_named_and_the_folder_serves_once_there_is_space(
    small_disk: Path, kafka_jars: Jars
) -> None:
    server = LocalKafka(small_disk / "kafka", kafka_jars)
    filler = fill(small_disk)
    with pytest.raises(BadInput, match=f"{small_disk}/kafka .*(disk of|No space left)"):
        server.start()
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    server.start()
    server.stop()


def test_a_setting_that_kafka_refuses_shows_its_own_words(tmp_path: Path, kafka_jars: Jars) -> None:
    server = LocalKafka(tmp_path / "kafka", kafka_jars, overrides={"num.io.threads": "none"})
    with pytest.raises(Unavailable, match=r"(?s)could not prepare its folder.*num\.io\.threads"):
        server.start()
    assert not processes_in(tmp_path)
