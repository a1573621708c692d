"""Checkpoints: what every tree held at one time, as a text that is signed.

The text is a *signed note* (c2sp.org/signed-note): lines, an empty line, and a line for each signature.

    prefstream.evidence/ORIGIN
    TREES                       number of trees
    ROOT                        base64 of the root over the lines of trees below, each a leaf
    TOPIC/PARTITION SIZE ROOT   one line per tree, in order

    — NAME SIGNATURE            base64 of 4 bytes that name the key, and the Ed25519 signature
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from prefstream.domain.evidence.merkle import HASH_BYTES, Frontier, leaf_hash, tree_root
from prefstream.schemas.errors import BadInput

_PREFIX = "prefstream.evidence/"
_DASH = "\u2014 "
#: c2sp.org/signed-note: the kind of signature, mixed into what names the key.
_ED25519 = b"\x01"

#: Topic and partition.
TreeName = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """One tree at one time."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """All trees at one time."""

    origin: str
    trees: Mapping[TreeName, TreeHead]

    @property
    def root(self) -> bytes:
        """Return the root over the lines of all trees."""
        return tree_root([leaf_hash(line.encode()) for line in self._lines()])

    @property
    def text(self) -> str:
        """Return what is signed."""
        head = [f"{_PREFIX}{self.origin}", str(len(self.trees)), b64encode(self.root).decode()]
        return "\n".join([*head, *self._lines()]) + "\n"

    def _lines(self) -> list[str]:
        return [
            f"{topic}/{partition} {head.size} {b64encode(head.root).decode()}"
            for (topic, partition), head in sorted(self.trees.items())
        ]


def checkpoint_of(origin: str, frontiers: Mapping[TreeName, Frontier]) -> Checkpoint:
    """Return the checkpoint of trees as they stand; empty ones are left out."""
    return Checkpoint(
        origin=origin,
        trees={name: TreeHead(size=one.size, root=one.root) for name, one in frontiers.items() if one.size},
    )


def key_name(name: str, public_key: bytes) -> bytes:
    """Return the four bytes that name a key in a signature."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def signed(checkpoint: Checkpoint, *, name: str, public_key: bytes, signature: bytes) -> str:
    """Return the note: the text and its signature."""
    written = b64encode(key_name(name, public_key) + signature).decode()
    return f"{checkpoint.text}\n{_DASH}{name} {written}\n"


def verifier_key(name: str, public_key: bytes) -> str:
    """Return a public key as it is handed on: its name, the bytes that name it, and the key."""
    return f"{name}+{key_name(name, public_key).hex()}+{b64encode(_ED25519 + public_key).decode()}"


def read_verifier_key(written: str) -> tuple[str, bytes]:
    """Return the name and the public key.

    Raises:
        BadInput: It is no such key, or was damaged.
    """
    name, _, rest = written.strip().partition("+")
    named, _, encoded = rest.partition("+")
    public_key = _decoded(encoded)[1:]
    if len(public_key) != HASH_BYTES or key_name(name, public_key).hex() != named:
        raise BadInput(f"{written.strip()[:80]!r} is no key of checkpoints (NAME+NUMBER+KEY)")
    return name, public_key


def read_note(note: str) -> tuple[Checkpoint, dict[str, bytes]]:
    """Return the checkpoint and its signatures by the name of the signer, which may be right or not.

    Raises:
        BadInput: It is no checkpoint, or its root is not that of its trees.
    """
    text, parted, tail = note.partition("\n\n")
    lines = text.split("\n")
    if not parted or len(lines) < 3 or not lines[0].startswith(_PREFIX):
        raise BadInput("this is no checkpoint: it does not begin as one, or has no signature")
    trees = dict(_tree(line) for line in lines[3:])
    checkpoint = Checkpoint(origin=lines[0].removeprefix(_PREFIX), trees=trees)
    if checkpoint.text != text + "\n" or any(a >= b for a, b in pairwise(trees)):
        raise BadInput("the checkpoint is damaged: its lines do not give its root")
    *signatures, end = tail.split("\n")
    if not signatures or end or any(not line.startswith(_DASH) for line in signatures):
        raise BadInput("the checkpoint is damaged: its signatures cannot be read")
    parts = [line.removeprefix(_DASH).rpartition(" ") for line in signatures]
    return checkpoint, {name: _decoded(encoded) for name, _, encoded in parts}


def _tree(line: str) -> tuple[TreeName, TreeHead]:
    try:
        place, size, root = line.split(" ")
        topic, _, partition = place.rpartition("/")
        return (topic, int(partition)), TreeHead(size=int(size), root=_decoded(root))
    except ValueError as error:
        raise BadInput(f"the checkpoint is damaged: {line[:80]!r} is no line of a tree") from error


def _decoded(encoded: str) -> bytes:
    try:
        decoded = b64decode(encoded, validate=True)
    except ValueError as error:
        raise BadInput(f"{encoded[:80]!r} is no base64") from error
    if b64encode(decoded).decode() != encoded:
        raise BadInput(f"{encoded[:80]!r} is not written as base64 should be")
    return decoded
