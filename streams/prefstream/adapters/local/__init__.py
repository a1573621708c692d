"""What runs a log and a database on this machine, as our own child processes."""

from prefstream.adapters.local.kafka import LocalKafka
from prefstream.adapters.local.kafka_jars import Found, Jars, Missing, fetch, kafka_available
from prefstream.adapters.local.kafka_settings import Security
from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.local.server import LocalServer

__all__ = [
    "Found",
    "Jars",
    "LocalKafka",
    "LocalPostgres",
    "LocalServer",
    "Missing",
    "Security",
    "fetch",
    "kafka_available",
]
