"""A broker that goes away and comes back, and one that wants TLS and a password."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr
from tests.integration.kafka.harness import Log, eventually, running, values

from prefstream.adapters.kafka.connection import KafkaConnection, check_connection
from prefstream.adapters.kafka.faust_shell import build_app, run_app
from prefstream.adapters.kafka.producer import RunProducer
from prefstream.adapters.kafka.stages import RunStage
from prefstream.adapters.kafka.topics import TopicLayout, ensure_topics
from prefstream.adapters.local import Jars, LocalKafka
from prefstream.adapters.local.kafka_settings import Security
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord, OutRecord

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def own_kafka(kafka_jars: Jars, tmp_path: Path) -> Iterator[LocalKafka]:
    """Start a broker that the test may treat as it likes."""
    server = LocalKafka(tmp_path / "kafka", kafka_jars)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.chaos
async def test_a_broker_killed_and_restarted_costs_no_record(
    own_kafka: LocalKafka,
) -> None:
    log = Log(own_kafka.bootstrap)
    source, target = await log.topic("source", 2), await log.topic("target")
    await log.write(source, values(2000))
    worker = log.worker("ours", [source], target, slow_s=0.05, run_length=20, in_flight=4)
    async with running(worker):

        async def under_way() -> bool:
            return await log.count(target) >= 200

        await eventually(under_way, "200 outputs")
        await asyncio.to_thread(own_kafka.kill)
        await asyncio.to_thread(own_kafka.start)

        async def all_read() -> bool:
            if not worker.running:
                await worker.start()
            return await log.committed(source) == 2000

        await eventually(all_read, "everything read after the restart", 90)
        assert await worker.end(signal.SIGTERM) == 0
    found = [record.value for record in await log.read(target)]
    assert set(found) == set(values(2000))


@pytest.mark.chaos
async def test_sends_across_a_broker_restart_keep_their_order_and_arrive_once(own_kafka: LocalKafka) -> None:
    log = Log(own_kafka.bootstrap)
    topic = await log.topic("topic", 2)
    async with RunProducer(log.connection, batch_bytes=4_000, waiting_bytes=20_000) as producer:
        deliveries = []
        outage: asyncio.Task[str] | None = None
        for start in range(0, 6_000, 30):
            if start == 1_500:
                await asyncio.to_thread(own_kafka.kill)
                outage = asyncio.create_task(asyncio.to_thread(own_kafka.start))
            records = [
                OutRecord(topic=topic, key=b"%d" % (n % 5), value=b"%06d" % n)
                for n in range(start, start + 30)
            ]
            deliveries.append(await producer.send(records))
        assert outage is not None
        await outage
        for delivery in deliveries:
            await delivery
    found = await log.read(topic)
    assert sorted(record.value or b"" for record in found) == values(6_000)
    for key in {record.key for record in found}:
        of_key = [record.value or b"" for record in found if record.key == key]
        assert of_key == sorted(of_key)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Make a certificate authority."""
    return trustme.CA()


@pytest.fixture
def guarded(kafka_jars: Jars, tmp_path: Path, authority: trustme.CA) -> Iterator[KafkaConnection]:
    """Start a broker with TLS and SCRAM; give the right connection to it."""
    keystore, trusted = tmp_path / "server.pem", tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(str(keystore))
    authority.cert_pem.write_to_path(str(trusted))
    _as_pkcs8(keystore)
    security = Security(
        keystore=keystore, truststore=trusted, users={"stages": "right"}, broker_password="inner"
    )
    server = LocalKafka(tmp_path / "kafka", kafka_jars, security=security)
    try:
        yield KafkaConnection(
            bootstrap=server.start(),
            security_protocol="SASL_SSL",
            sasl_username="stages",
            sasl_password=SecretStr("right"),
            ca_file=trusted,
        )
    finally:
        server.stop()


def _as_pkcs8(path: Path) -> None:
    """Rewrite the private key in the form that Java reads."""
    from cryptography.hazmat.primitives import serialization

    text = path.read_bytes()
    key = serialization.load_pem_private_key(text, None)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(plain + text[text.index(b"-----BEGIN CERTIFICATE") :])


async def test_stages_run_over_tls_with_a_password_and_refusals_are_plain(
    guarded: KafkaConnection, tmp_path: Path
) -> None:
    await check_connection(guarded)
    await _refused(replace(guarded, sasl_password=SecretStr("wrong")), "the password was refused")
    await _refused(replace(guarded, sasl_username="stranger"), "the password was refused")
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    await _refused(replace(guarded, ca_file=other), "certificate is not trusted")
    await _refused(replace(guarded, security_protocol="PLAINTEXT"), "Check the address, the protocol")
    await _stage_copies(guarded)


async def _refused(connection: KafkaConnection, words: str) -> None:
    async with asyncio.timeout(11):
        with pytest.raises(Unavailable, match=words):
            await check_connection(connection)


async def _stage_copies(connection: KafkaConnection) -> None:
    await ensure_topics(connection, [TopicLayout(name=name, partitions=1) for name in ("source", "target")])
    async with RunProducer(connection) as producer:
        await (await producer.send([OutRecord(topic="source", key=b"k", value=value) for value in values(9)]))
    stop = asyncio.Event()
    seen: list[bytes | None] = []

    async def work(records: list[LogRecord]) -> list[OutRecord]:
        seen.extend(record.value for record in records)
        if len(seen) == 9:
            stop.set()
        return []

    stage = RunStage(name="s", topics=("source",), work=work)  # type: ignore[arg-type]
    app = build_app(name="n", group="g", connection=connection, stages=[stage])
    async with asyncio.timeout(30):
        await run_app(app, stop=stop)
    assert seen == values(9)
