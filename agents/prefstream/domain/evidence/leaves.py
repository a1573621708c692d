"""What of a record is hashed: where and when it stood in the log, key, headers, and a digest of its value.

The value enters by its SHA-256, so that a leaf is still the same after the content was erased. Every part
is preceded by its length (8 bytes, big-endian); what is absent, and not just empty, has the length 2**64 - 1.
"""

from hashlib import sha256
from struct import Struct

from prefstream.domain.evidence.merkle import leaf_hash
from prefstream.schemas.records import Headers, LogRecord

_LENGTH = Struct(">Q").pack
_PLACE = Struct(">QQQQQQ").pack
_ABSENT = b"\xff" * 8
_MAGIC = b"prefstream.record.v1"
_HEAD = _LENGTH(len(_MAGIC)) + _MAGIC


def record_leaf(record: LogRecord) -> bytes:
    """Return the leaf hash of a record."""
    value = record.value
    digest = None if value is None else sha256(value).digest()
    return leaf_hash(leaf_content(record, digest))


def leaf_content(record: LogRecord, digest: bytes | None) -> bytes:
    """Return the bytes that a leaf is the hash of.

    Args:
        record: The record; its value is not looked at.
        digest: SHA-256 of the value's bytes; `None` for a tombstone.
    """
    topic = record.topic.encode()
    place = _PLACE(8, record.partition, 8, record.offset, 8, record.timestamp_ms)
    return b"".join(
        (_HEAD, _LENGTH(len(topic)), topic, place, _part(record.key), _headers(record.headers), _part(digest))
    )


def _part(content: bytes | None) -> bytes:
    return _ABSENT if content is None else _LENGTH(len(content)) + content


def _headers(headers: Headers) -> bytes:
    parts = [_LENGTH(len(headers))]
    for name, content in headers:
        parts += (_part(name.encode(errors="surrogatepass")), _part(content))
    return b"".join(parts)
