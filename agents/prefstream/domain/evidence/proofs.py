"""A proof as it is handed on: the record, its place in its tree, the hashes, and the signed checkpoint.

One line of JSON with sorted keys and no spaces, so that a change of any byte is a change of what it says.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from prefstream.schemas.records import LogRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """What shows that a record stands in the log."""

    #: Its value is absent where it was erased; `digest` stays.
    record: LogRecord
    #: SHA-256 of the value; `None` for a tombstone.
    digest: bytes | None
    #: Number of the leaf in the tree of the record's topic and partition, from 0.
    leaf: int
    hashes: Sequence[bytes]
    #: The signed note.
    checkpoint: str

    @property
    def written(self) -> str:
        """Return the proof as text."""
        record = {
            "topic": self.record.topic,
            "partition": self.record.partition,
            "offset": self.record.offset,
            "timestamp_ms": self.record.timestamp_ms,
            "key": _base64(self.record.key),
            "value": _base64(self.record.value),
            "headers": [[name, _base64(content)] for name, content in self.record.headers],
            "digest": _base64(self.digest),
        }
        said = {
            "record": record,
            "leaf": self.leaf,
            "hashes": [_base64(one) for one in self.hashes],
            "checkpoint": self.checkpoint,
        }
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def _base64(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode()
