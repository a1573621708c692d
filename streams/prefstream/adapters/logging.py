"""Logging: one JSON object a line on standard output, never a secret."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
import structlog

_SECRETS = ("password", "secret", "token", "api_key", "authorization", "dsn")
#: User and password in an address.
_PASSWORD = re.compile(r"(?<=://)[^\s/@]+(?=@)")


def configure_logging(*, process: str, level: str) -> None:
    """Send structlog and the standard library's logging through one pipe as JSON lines."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        lambda _logger, _method, event: {"process": process} | dict(event),
        redacted,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumped)],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dumped),
            ],
        )
    )
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)  # a process tells all that its clients tell
    logging.basicConfig(
        handlers=[handler], level=max(getattr(logging, level.upper()), logging.WARNING), force=True
    )


def redacted(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Replace the values of fields whose names speak of secrets, and passwords within addresses."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if any(word in name.lower() for word in _SECRETS):
        return "[redacted]"
    match value:
        case str():
            return _PASSWORD.sub("[redacted]", value)
        case Mapping():
            return {str(key): _redacted(str(key), one) for key, one in value.items()}
        case list() | tuple():
            return [_redacted("", one) for one in value]
        case _:
            return value


def _dumped(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
