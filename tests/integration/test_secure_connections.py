"""Kafka over SASL and TLS, and Postgres over TLS, by settings alone, as a deployment has them."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from tests.integration.local.test_kafka_security import write_keystore

from prefstream.adapters.local import Jars, LocalKafka, Security
from prefstream.adapters.postgres.connection import connect
from prefstream.adapters.settings import Settings
from prefstream.schemas.errors import Unavailable
from prefstream.streams.places import Places, open_log

SYSTEM_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def secured_kafka(
    tmp_path_factory: pytest.TempPathFactory, kafka_jars: Jars, authority: trustme.CA, ca_file: Path
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("secured")
    security = Security(
        keystore=folder / "keystore.pem",
        truststore=ca_file,
        users={"prefstream": "correct horse"},
        broker_password="broker",
    )
    write_keystore(authority, security.keystore)
    server = LocalKafka(folder / "kafka", kafka_jars, security=security)
    yield server.start()
    server.stop()


def secured_places(
    monkeypatch: pytest.MonkeyPatch, bootstrap: str, ca_file: Path, password: str
) -> tuple[Settings, Places]:
    for name, value in {
        "BOOTSTRAP": bootstrap,
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_USERNAME": "prefstream",
        "SASL_PASSWORD": password,
        "CA_FILE": str(ca_file),
    }.items():
        monkeypatch.setenv(f"PREFSTREAM_KAFKA__{name}", value)
    settings = Settings()
    return settings, Places(log="kafka", dsn=settings.postgres.dsn, kafka=settings.kafka)


@pytest.mark.kafka
async def test_topics_are_made_over_sasl_and_tls(
    monkeypatch: pytest.MonkeyPatch, secured_kafka: str, ca_file: Path
) -> None:
    settings, places = secured_places(monkeypatch, secured_kafka, ca_file, "correct horse")

    async with open_log(places, partitions=2) as log:
        created = await log.ensure_topics(partitions=2, replication=settings.kafka.replication)
        again = await log.ensure_topics(partitions=2, replication=settings.kafka.replication)

    assert "pairs.proposed.v1" in created
    assert list(again) == []


@pytest.mark.kafka
async def test_a_wrong_password_is_told_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, secured_kafka: str, ca_file: Path
) -> None:
    _, places = secured_places(monkeypatch, secured_kafka, ca_file, "wrong-secret-word")

    async with open_log(places, partitions=2) as log:
        with pytest.raises(Unavailable) as refused:
            await log.ensure_topics(partitions=2, replication=1)

    assert "password was refused" in str(refused.value)
    assert "wrong-secret-word" not in str(refused.value)


@pytest.mark.kafka
async def test_an_authority_we_do_not_trust_is_refused(
    monkeypatch: pytest.MonkeyPatch, secured_kafka: str, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    _, places = secured_places(monkeypatch, secured_kafka, stranger, "correct horse")

    async with open_log(places, partitions=2) as log:
        with pytest.raises(Unavailable):
            await log.ensure_topics(partitions=2, replication=1)


@pytest.fixture(scope="module")
def postgres_over_tls(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[int]:
    """Run a PostgreSQL of the system with TLS; the embedded one is built without."""
    if not SYSTEM_POSTGRES:
        pytest.skip("TLS needs a PostgreSQL of the system (/usr/lib/postgresql); the embedded one has none")
    folder = tmp_path_factory.mktemp("tls")
    folder.chmod(0o755)
    for parent in folder.parents:
        if parent != Path("/tmp") and str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    data, issued = folder / "data", authority.issue_cert("localhost", "127.0.0.1")
    data.mkdir(mode=0o700)
    issued.private_key_pem.write_to_path(str(folder / "server.key"))
    (folder / "server.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    (folder / "server.key").chmod(0o600)
    (folder / "password").write_text("secret")
    user = _unprivileged(folder)
    binaries = SYSTEM_POSTGRES[-1]
    initdb = [
        "-D",
        str(data),
        "-U",
        "prefstream",
        "-A",
        "scram-sha-256",
        "--pwfile",
        str(folder / "password"),
    ]
    subprocess.run([binaries / "initdb", *initdb], user=user, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    files = {"ssl_cert_file": folder / "server.crt", "ssl_key_file": folder / "server.key"}
    options = {"port": port, "ssl": "on", "unix_socket_directories": "", **files}
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen([binaries / "postgres", "-D", data, *words], user=user, stderr=log)
    try:
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _unprivileged(folder: Path) -> int | None:
    """Hand the folder to a user that PostgreSQL accepts; `None` keeps the present one."""
    if os.getuid() != 0:
        return None
    user = pwd.getpwnam("nobody").pw_uid
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, user)
    return user


@pytest.mark.postgres
async def test_postgres_over_tls_is_verified(postgres_over_tls: int, ca_file: Path) -> None:
    dsn = f"postgresql://prefstream:secret@localhost:{postgres_over_tls}/postgres"
    connection = await _connected(f"{dsn}?sslmode=verify-full&sslrootcert={quote(str(ca_file))}")

    encrypted = await connection.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    await connection.close()

    assert encrypted


@pytest.mark.postgres
async def test_postgres_of_another_authority_is_refused(
    postgres_over_tls: int, ca_file: Path, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    dsn = f"postgresql://prefstream:secret@localhost:{postgres_over_tls}/postgres"
    await (await _connected(f"{dsn}?sslmode=verify-full&sslrootcert={quote(str(ca_file))}")).close()

    with pytest.raises(Unavailable) as refused:
        await connect(f"{dsn}?sslmode=verify-full&sslrootcert={quote(str(stranger))}")

    assert "secret" not in str(refused.value)


async def _connected(dsn: str):  # type: ignore[no-untyped-def]
    """Connect as soon as the server takes connections."""
    import asyncio

    until = asyncio.get_running_loop().time() + 20
    while True:
        try:
            return await connect(dsn)
        except Unavailable:
            if asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(0.05)
