"""Erasure: whose content an event holds, and how it is sealed so that a destroyed key takes it away."""

from prefstream.domain.erasure.owners import erased_with, key_owner, owners_of, redacted, source_topic
from prefstream.domain.erasure.sealed import Cipher, OwnerKey, is_sealed, key_ids, unsealed

__all__ = [
    "Cipher",
    "OwnerKey",
    "erased_with",
    "is_sealed",
    "key_ids",
    "key_owner",
    "owners_of",
    "redacted",
    "source_topic",
    "unsealed",
]
