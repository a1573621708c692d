"""The times a process keeps with its brokers, and the consumer that keeps them."""

from dataclasses import dataclass
from typing import Any

from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.schemas.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellTimes:
    """The times of a process, in seconds.

    The longest record must take less than `rebalance_s`, because a rebalance waits for what is under way; and
    `request_s` must exceed `rebalance_s`, because joining the group is a request.
    """

    commit_every_s: float = 0.5
    heartbeat_s: float = 3.0
    session_s: float = 60.0
    rebalance_s: float = 120.0
    request_s: float = 150.0
    poll_idle_s: float = 1000.0
    #: From the request to stop until the process is ended whatever is under way.
    drain_s: float = 50.0

    def __post_init__(self) -> None:
        if not self.heartbeat_s < self.session_s <= self.request_s or not self.rebalance_s < self.request_s:
            raise BadInput(
                f"Kafka times must keep heartbeat < session <= request and rebalance < request, not {self}"
            )


def consumer_kwargs(
    name: str, group: str, connection: KafkaConnection, times: ShellTimes, instance: str | None
) -> dict[str, Any]:
    """Give the arguments of an aiokafka consumer that joins a group and commits only when told."""
    return connection.client_kwargs() | {
        "client_id": name,
        "group_id": group,
        "group_instance_id": instance,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "session_timeout_ms": int(times.session_s * 1000),
        "rebalance_timeout_ms": int(times.rebalance_s * 1000),
        "request_timeout_ms": int(times.request_s * 1000),
        "heartbeat_interval_ms": int(times.heartbeat_s * 1000),
        "max_poll_interval_ms": int(times.poll_idle_s * 1000),
    }
