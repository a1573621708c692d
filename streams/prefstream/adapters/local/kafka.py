"""Apache Kafka on this machine, as our own child: one node, KRaft mode, no Docker."""

import base64
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from prefstream.adapters.local import ports
from prefstream.adapters.local.kafka_jars import Jars
from prefstream.adapters.local.kafka_settings import Security, properties
from prefstream.adapters.local.server import LocalServer

_LOGGING = Path(__file__).with_name("kafka-log4j2.xml")
#: The server writes this when clients can be served.
_STARTED = "Kafka Server started"


class LocalKafka(LocalServer):
    """One Apache Kafka server that keeps its log in a folder and dies with this process.

    Args:
        folder: Takes the log, the settings and the server's own messages.
        jars: From `kafka_jars.fetch`.
        port: Where clients connect; None takes that of the last run, else any free one.
        heap_mb: The most memory for Java objects.
        security: Passwords and TLS for clients.
        overrides: Broker settings that replace ours.
    """

    name = "Apache Kafka"

    def __init__(
        self,
        folder: Path,
        jars: Jars,
        port: int | None = None,
        *,
        heap_mb: int = 384,
        security: Security | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder, port)
        self._jars = jars
        self._heap_mb = heap_mb
        self._security = security
        self._overrides = overrides

    @property
    def bootstrap(self) -> str:
        """Where clients connect, as host:port."""
        return f"{ports.HOST}:{self.port}"

    def _address(self) -> str:
        return self.bootstrap

    @property
    def _settings_file(self) -> Path:
        return self.folder / "server.properties"

    def _prepare(self, end_s: float) -> None:
        text = properties(
            log_folder=self.folder / "log",
            port=self.port,
            controller_port=ports.any_free(),
            security=self._security,
            overrides=self._overrides,
        )
        # It may hold the broker's password.
        self._settings_file.touch(mode=0o600)
        self._settings_file.write_text(text, encoding="ascii")
        # The formatter writes this file last, and takes up a folder that was left half-prepared.
        if not (self.folder / "log" / "meta.properties").exists():
            self._run(
                self._java("kafka.tools.StorageTool", self._format()), self.folder / "format.log", end_s
            )

    def _command(self) -> Sequence[str]:
        return self._java("kafka.Kafka", [str(self._settings_file)])

    def _is_ready(self) -> bool:
        return _STARTED in self.log_file.read_text(encoding="utf-8", errors="replace")

    def _format(self) -> list[str]:
        users = self._security.scram_records() if self._security else []
        added = [part for record in users for part in ("--add-scram", record)]
        return [
            "format",
            "--ignore-formatted",
            "-t",
            cluster_id(uuid.uuid4()),
            "-c",
            str(self._settings_file),
            *added,
        ]

    def _java(self, main: str, arguments: Sequence[str]) -> list[str]:
        return [
            str(self._jars.java),
            f"-Xmx{self._heap_mb}m",
            # A small server on a shared machine: start fast, with few threads and little memory.
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={_LOGGING}",
            "-cp",
            self._jars.class_path,
            main,
            *arguments,
        ]


def cluster_id(name: uuid.UUID) -> str:
    """Write an id as Kafka does.

    Kafka's own generator never makes one that starts with a dash, which its command would take for an option.
    """
    text = base64.urlsafe_b64encode(name.bytes).decode("ascii").rstrip("=")
    return f"_{text[1:]}" if text.startswith("-") else text
