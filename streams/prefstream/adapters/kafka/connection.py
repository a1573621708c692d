"""How to reach the Kafka brokers, and whether they answer."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aiokafka import errors
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError
from pydantic import SecretStr

from prefstream.schemas.errors import BadInput, Unavailable

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

CHECK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaConnection:
    """Where the brokers are and who we are to them.

    Args:
        bootstrap: Brokers as `host:port`, separated by commas.
        ca_file: Authority that signed the brokers' certificates; `None` trusts the system's.
        cert_file: Our own certificate, where brokers ask for one; `key_file` is its key.
    """

    bootstrap: str
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        if not all(_has_port(server) for server in self.servers):
            raise BadInput(
                f"Kafka bootstrap {self.bootstrap!r} is not a list of host:port; give e.g. kafka:9092"
            )
        if self.uses_sasl and not (self.sasl_username and self.sasl_password):
            raise BadInput(f"Kafka over {self.security_protocol} needs a user name and a password; give both")

    @property
    def servers(self) -> list[str]:
        """Name the brokers one by one."""
        return [server.strip() for server in self.bootstrap.split(",")]

    @property
    def uses_sasl(self) -> bool:
        """Tell whether we log in with a name and a password."""
        return self.security_protocol.startswith("SASL")

    @property
    def uses_tls(self) -> bool:
        """Tell whether the connection is encrypted."""
        return self.security_protocol.endswith("SSL")

    def client_kwargs(self) -> dict[str, Any]:
        """Give the arguments that every aiokafka client takes."""
        kwargs: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "security_protocol": self.security_protocol,
        }
        if self.uses_tls:
            kwargs["ssl_context"] = self._ssl_context()
        if self.uses_sasl:
            kwargs["sasl_mechanism"] = self.sasl_mechanism
            kwargs["sasl_plain_username"] = self.sasl_username
            kwargs["sasl_plain_password"] = self._password()
        return kwargs

    def faust_kwargs(self) -> dict[str, Any]:
        """Give the arguments of a Faust app: the broker URLs and the credentials."""
        kwargs: dict[str, Any] = {"broker": [f"kafka://{server}" for server in self.servers]}
        credentials = self._faust_credentials()
        return kwargs | ({} if credentials is None else {"broker_credentials": credentials})

    def _password(self) -> str:
        return self.sasl_password.get_secret_value() if self.sasl_password else ""

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise BadInput(
                f"Cannot read the TLS files for Kafka ({self.ca_file}, {self.cert_file}): {error}; "
                "give PEM files that this user may read"
            ) from error
        return context

    def _faust_credentials(self) -> Any:
        from faust.auth import SASLCredentials, SSLCredentials
        from faust.types.auth import AuthProtocol

        context = self._ssl_context() if self.uses_tls else None
        if self.uses_sasl:
            credentials = SASLCredentials(
                username=self.sasl_username,
                password=self._password(),
                mechanism=self.sasl_mechanism,
                ssl_context=context,
            )
            credentials.protocol = AuthProtocol(self.security_protocol)
            return credentials
        # Without a context of ours its constructor raises TypeError.
        return SSLCredentials(context=context) if context else None


def _has_port(server: str) -> bool:
    host, _, port = server.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < 65536


async def check_connection(connection: KafkaConnection, *, timeout_s: float = CHECK_TIMEOUT_S) -> None:
    """Connect and log in to one broker, any of those named.

    Raises:
        Unavailable: No broker answers, or the password or the certificate is refused.
    """
    refusals = []
    for server in connection.servers:
        try:
            async with asyncio.timeout(timeout_s / len(connection.servers)):
                await _shake_hands(connection, server)
        except TimeoutError:
            refusals.append(f"{server}: no answer within {timeout_s / len(connection.servers):g} s")
        except (OSError, KafkaError) as error:
            refusals.append(f"{server}: {_cause(error)}")
        else:
            return
    raise Unavailable(
        f"Kafka cannot be used over {connection.security_protocol}: {'; '.join(refusals)}. "
        "Check the address, the protocol, and the user name and password"
    )


async def _shake_hands(connection: KafkaConnection, server: str) -> None:
    host, _, port = server.rpartition(":")
    # One connection shows the broker's own refusal; a client swallows it and says "unable to bootstrap".
    kwargs = connection.client_kwargs()
    del kwargs["bootstrap_servers"]
    opened = await create_conn(host.strip("[]"), int(port), **kwargs)
    closing = opened.close()
    if closing is not None:
        await closing


def _cause(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed ({error.reason})"
    if isinstance(error, errors.AuthenticationFailedError | errors.SaslAuthenticationFailed):
        return f"the user name or the password was refused ({error})"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return f"{type(error).__name__}: {error}"
