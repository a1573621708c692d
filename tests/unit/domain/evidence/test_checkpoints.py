"""Checkpoints are signed notes that any change breaks."""

from itertools import product

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from prefstream.domain.evidence.checkpoints import (
    checkpoint_of,
    key_name,
    read_note,
    read_verifier_key,
    signed,
    verifier_key,
)
from prefstream.domain.evidence.merkle import Frontier, leaf_hash
from prefstream.schemas.errors import BadInput

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
TREES = {
    ("pairs.judged.v1", partition): Frontier().grown([leaf_hash(b"%d" % n) for n in range(partition * 3)])[0]
    for partition in range(4)
}
CHECKPOINT = checkpoint_of("lab", TREES)
NOTE = signed(CHECKPOINT, name="lab", public_key=PUBLIC, signature=PRIVATE.sign(CHECKPOINT.text.encode()))


def right(note: str) -> bool:
    try:
        checkpoint, signatures = read_note(note)
        signature = signatures["lab"]
        Ed25519PublicKey.from_public_bytes(PUBLIC).verify(signature[4:], checkpoint.text.encode())
        return signature[:4] == key_name("lab", PUBLIC)
    except (BadInput, InvalidSignature, KeyError):
        return False


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    checkpoint, _ = read_note(NOTE)
    assert checkpoint == CHECKPOINT
    assert right(NOTE)


def test_empty_trees_are_left_out() -> None:
    assert [partition for _, partition in CHECKPOINT.trees] == [1, 2, 3]


def test_any_changed_byte_is_seen() -> None:
    raw = NOTE.encode()
    for place, bit in product(range(len(raw)), range(8)):
        changed = bytearray(raw)
        changed[place] ^= 1 << bit
        assert not right(changed.decode(errors="replace")), (place, bit)


def test_the_key_that_is_handed_on_reads_back() -> None:
    assert read_verifier_key(verifier_key("lab", PUBLIC)) == ("lab", PUBLIC)


@pytest.mark.parametrize("written", ["", "lab", "lab+00000000+AAAA", verifier_key("lab", PUBLIC)[:-5]])
def test_a_damaged_key_is_refused(written: str) -> None:
    with pytest.raises(BadInput):
        read_verifier_key(written)


@pytest.mark.parametrize("note", ["", "prefstream.evidence/lab", NOTE.split("\n\n")[0], "x\n\n" + NOTE])
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(BadInput):
        read_note(note)
