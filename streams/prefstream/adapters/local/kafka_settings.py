"""The settings of a local Apache Kafka, as the text of its properties file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prefstream.adapters.local.ports import HOST

SCRAM = "SCRAM-SHA-512"
_BROKER_USER = "broker"

#: One node, kept for good, small in memory, quick to answer.
_ONE_NODE: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # Audits replay what is years old: nothing ages out.
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    "offsets.retention.minutes": "525600",
    # A server that was killed may not come back before its old session has run out.
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "4000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """TLS and passwords for the listener: SASL_SSL with SCRAM-SHA-512.

    For tests of clients. The controller's listener stays plain (on the loopback address, like the other), and
    the formatter gets the passwords as arguments, which other users of the machine can read while it runs.
    """

    #: A PEM file: the private key in PKCS 8, then the certificate chain, which must name 127.0.0.1.
    keystore: Path
    #: A PEM file with the authority that signed it.
    truststore: Path
    #: Who may connect, with their passwords. They are laid down when the folder is first used.
    users: Mapping[str, str] = field(repr=False)
    #: The password of the broker when it talks to itself.
    broker_password: str = field(repr=False)

    def scram_records(self) -> list[str]:
        """Give the users as the formatter takes them."""
        everyone = {**self.users, _BROKER_USER: self.broker_password}
        return [f"{SCRAM}=[name={name},password={password}]" for name, password in everyone.items()]

    def properties(self) -> dict[str, str]:
        """Give the settings of the listener."""
        login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
        return {
            "listener.name.broker.sasl.enabled.mechanisms": SCRAM,
            "sasl.mechanism.inter.broker.protocol": SCRAM,
            "listener.name.broker.scram-sha-512.sasl.jaas.config": (
                f'{login} username="{_BROKER_USER}" password="{self.broker_password}";'
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.truststore),
        }


def properties(
    *,
    log_folder: Path,
    port: int,
    controller_port: int,
    security: Security | None = None,
    overrides: Mapping[str, str] | None = None,
) -> str:
    """Write the properties file of one node in KRaft mode.

    Args:
        log_folder: Where the log is kept.
        port: Where clients connect.
        controller_port: Where the node talks to itself.
        security: Passwords and TLS for clients; without it the listener is plain.
        overrides: Settings that replace ours.
    """
    protocol = "PLAINTEXT" if security is None else "SASL_SSL"
    settings = {
        **_ONE_NODE,
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"BROKER://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"BROKER://{HOST}:{port}",
        "listener.security.protocol.map": f"BROKER:{protocol},CONTROLLER:PLAINTEXT",
        "log.dirs": str(log_folder),
        **(security.properties() if security else {}),
        **(overrides or {}),
    }
    return "".join(f"{name}={_escaped(value)}\n" for name, value in settings.items())


def _escaped(value: str) -> str:
    """Write a value so that Java's properties reader gives it back as it is."""
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n")
    return "".join(character if character.isascii() else f"\\u{ord(character):04x}" for character in escaped)
