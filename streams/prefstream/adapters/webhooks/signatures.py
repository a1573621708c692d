"""Secrets and signatures of Standard Webhooks: HMAC-SHA256 of id, timestamp and body."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from prefstream.schemas.errors import BadInput

PREFIX = "whsec_"
#: Bytes of a secret, as Standard Webhooks bounds them; ours have 32.
LEAST_BYTES, MOST_BYTES, OUR_BYTES = 24, 64, 32


def secret_of(key: bytes) -> str:
    """Return a key as it is written.

    >>> secret_of(bytes(24))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    return PREFIX + base64.b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret writes.

    Raises:
        BadInput: It is none; the message never quotes it.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise BadInput(
            f"this is no secret: it is {PREFIX} and the base64 of {LEAST_BYTES} to {MOST_BYTES} random bytes;"
            " leave it out and one is made"
        )
    return key


def signed_headers(
    *, message_id: str, timestamp_s: int, body: bytes, secrets: Sequence[str]
) -> Mapping[str, str]:
    """Return the headers by which a receiver knows that a message is ours and new.

    Every secret signs, so that a receiver may change over from one to the next at its own time.
    """
    content = f"{message_id}.{timestamp_s}.".encode() + body
    signatures = [
        base64.b64encode(hmac.new(key_of(secret), content, hashlib.sha256).digest()).decode()
        for secret in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join([f"v1,{signature}" for signature in signatures]),
    }
