"""Apache Kafka behind TLS and passwords."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from cryptography.hazmat.primitives import serialization

from prefstream.adapters.local import Jars, LocalKafka, Security

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bootstrap(
    tmp_path_factory: pytest.TempPathFactory, kafka_jars: Jars, authority: trustme.CA
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("secured")
    security = Security(
        keystore=folder / "keystore.pem",
        truststore=folder / "authority.pem",
        users={"prefstream": "correct horse"},
        broker_password="broker",
    )
    write_keystore(authority, security.keystore)
    authority.cert_pem.write_to_path(str(security.truststore))
    server = LocalKafka(folder / "kafka", kafka_jars, security=security)
    yield server.start()
    server.stop()


def write_keystore(authority: trustme.CA, path: Path) -> None:
    """Write key and chain; Kafka reads keys in PKCS 8 only."""
    issued = authority.issue_cert("127.0.0.1", "localhost")
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    pkcs8 = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(pkcs8 + b"".join(blob.bytes() for blob in issued.cert_chain_pems))


def login(bootstrap: str, authority: trustme.CA, password: str) -> dict[str, object]:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return {
        "bootstrap_servers": bootstrap,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "prefstream",
        "sasl_plain_password": password,
        "ssl_context": context,
    }


async def test_the_right_password_over_tls_is_served(bootstrap: str, authority: trustme.CA) -> None:
    settings = login(bootstrap, authority, "correct horse")
    admin = AIOKafkaAdminClient(**settings)
    await admin.start()
    await admin.create_topics([NewTopic("events", num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(**settings) as producer:
        await producer.send_and_wait("events", b"1")
    consumer = AIOKafkaConsumer("events", group_id="readers", auto_offset_reset="earliest", **settings)
    async with consumer:
        assert (await consumer.getone()).value == b"1"


async def test_a_wrong_password_is_refused(bootstrap: str, authority: trustme.CA) -> None:
    producer = AIOKafkaProducer(**login(bootstrap, authority, "wrong"))
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


async def test_a_client_without_tls_is_refused(bootstrap: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, request_timeout_ms=2000)
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()
