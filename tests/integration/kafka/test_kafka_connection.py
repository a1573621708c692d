"""Connections that cannot work say so in plain words, soon."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from prefstream.adapters.kafka.connection import KafkaConnection, check_connection
from prefstream.adapters.kafka.faust_shell import build_app, run_app
from prefstream.adapters.kafka.stages import RunStage
from prefstream.schemas.errors import BadInput, Unavailable


@pytest.fixture
async def mute_server() -> AsyncIterator[str]:
    """Give the address of a server that takes connections and never answers."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"{host}:{port}"
    server.close()
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def test_nothing_listens_is_said() -> None:
    with pytest.raises(Unavailable, match="nothing listens there"):
        await check_connection(KafkaConnection(bootstrap=f"127.0.0.1:{free_port()}"))


async def test_no_answer_is_said_within_the_time_given(mute_server: str) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable, match=r"no answer within 0\.5 s"):
            await check_connection(KafkaConnection(bootstrap=mute_server), timeout_s=0.5)


async def test_an_unreachable_broker_stops_the_app_before_it_starts() -> None:
    async def work(_: object) -> list[object]:
        return []

    app = build_app(
        name="n",
        group="g",
        connection=KafkaConnection(bootstrap=f"127.0.0.1:{free_port()}"),
        stages=[RunStage(name="s", topics=("t",), work=work)],  # type: ignore[arg-type]
    )
    async with asyncio.timeout(15):
        with pytest.raises(Unavailable, match="nothing listens there"):
            await run_app(app, stop=asyncio.Event())


@pytest.mark.kafka
async def test_a_running_broker_is_found_behind_one_that_is_down(kafka_bootstrap: str) -> None:
    await check_connection(KafkaConnection(bootstrap=f"127.0.0.1:{free_port()},{kafka_bootstrap}"))


@pytest.mark.kafka
async def test_tls_to_a_plain_broker_is_refused_soon(kafka_bootstrap: str) -> None:
    async with asyncio.timeout(12):
        with pytest.raises(Unavailable, match="over SSL"):
            await check_connection(
                KafkaConnection(bootstrap=kafka_bootstrap, security_protocol="SSL"), timeout_s=5
            )


def test_an_address_without_a_port_is_bad_input() -> None:
    with pytest.raises(BadInput, match="host:port"):
        KafkaConnection(bootstrap="kafka")


def test_sasl_without_a_password_is_bad_input() -> None:
    with pytest.raises(BadInput, match="user name and a password"):
        KafkaConnection(bootstrap="kafka:1", security_protocol="SASL_SSL", sasl_username="me")


def test_a_missing_authority_file_is_bad_input(tmp_path: Path) -> None:
    connection = KafkaConnection(
        bootstrap="kafka:1", security_protocol="SSL", ca_file=tmp_path / "absent.pem"
    )
    with pytest.raises(BadInput, match=r"absent\.pem"):
        connection.client_kwargs()


def test_the_password_is_not_in_the_representation() -> None:
    connection = KafkaConnection(
        bootstrap="kafka:1",
        security_protocol="SASL_PLAINTEXT",
        sasl_username="me",
        sasl_password=SecretStr("hunter2"),
    )
    assert "hunter2" not in repr(connection)
    assert connection.client_kwargs()["sasl_plain_password"] == "hunter2"


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL", "SASL_PLAINTEXT"])
def test_faust_gets_credentials_of_the_same_protocol(protocol: str, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(authority))
    connection = KafkaConnection(
        bootstrap="one:1,two:2",
        security_protocol=protocol,  # type: ignore[arg-type]
        sasl_username="me",
        sasl_password=SecretStr("secret"),
        ca_file=authority,
    )
    kwargs = connection.faust_kwargs()
    assert kwargs["broker"] == ["kafka://one:1", "kafka://two:2"]
    assert kwargs["broker_credentials"].protocol.value == protocol
