"""Check the proof that a record stands in a log, with nothing but Python.

    python verify_evidence.py PROOF.json --key KEY

KEY is the public key of whoever signs checkpoints, had from them and not from where the proof comes from.
Exit code 0: the record stood in the log, byte for byte, when the checkpoint was signed. 1: it did not.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Point = tuple[int, int]
#: The field, the order of the group, and the constant of the curve of Ed25519 (RFC 8032, 5.1).
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE = (4 * pow(5, -1, P) % P).to_bytes(32, "little")


def sha(*parts: bytes) -> bytes:
    """Return the SHA-256 of all parts."""
    return hashlib.sha256(b"".join(parts)).digest()


def part(content: bytes | None) -> bytes:
    """Return a part of a leaf: its length and itself."""
    return b"\xff" * 8 if content is None else len(content).to_bytes(8, "big") + content


def read(text: str) -> bytes:
    """Return what base64 says; it must be written as base64 is."""
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:
        raise ValueError(f"{text[:40]!r} is not written as base64 should be")
    return content


def maybe(text: str | None) -> bytes | None:
    """Return what base64 says, or nothing of nothing."""
    return None if text is None else read(text)


def leaf_of(record: dict[str, Any]) -> bytes:
    """Return the leaf of a record; its value may be gone, its digest stays."""
    value, digest = maybe(record["value"]), maybe(record["digest"])
    if value is not None and sha(value) != digest:
        raise ValueError("the value of the record is not the one that was logged")
    headers = [
        part(name.encode(errors="surrogatepass")) + part(read(told)) for name, told in record["headers"]
    ]
    place = [part(record[name].to_bytes(8, "big")) for name in ("partition", "offset", "timestamp_ms")]
    head = [part(b"prefstream.record.v1"), part(record["topic"].encode()), *place, part(maybe(record["key"]))]
    return sha(b"\0", *head, len(headers).to_bytes(8, "big"), *headers, part(digest))


def root_by_inclusion(root: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that the proof leads to (RFC 9162, 2.1.3.2)."""
    last = size - 1
    for sibling in proof:
        if index & 1 or index == last:
            root = sha(b"\1", sibling, root)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = sha(b"\1", root, sibling)
        index, last = index >> 1, last >> 1
    if index or last:
        raise ValueError("the proof has the wrong length")
    return root


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes (RFC 9162, 2.1.1)."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", tree_root(leaves[:middle]), tree_root(leaves[middle:]))


def add(one: Point, other: Point) -> Point:
    """Return the sum of two points of the curve."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    return x % P, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P


def times(point: Point, factor: int) -> Point:
    """Return a multiple of a point."""
    total = (0, 1)
    while factor:
        total, point, factor = (add(total, point) if factor & 1 else total), add(point, point), factor >> 1
    return total


def point_of(encoded: bytes) -> Point:
    """Return the point that 32 bytes say (RFC 8032, 5.1.3)."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or y >= P:
        raise ValueError("the signature is no point of the curve")
    return (P - x) % P if x & 1 != encoded[31] >> 7 else x, y


def signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature is that of the key (RFC 8032, 5.1.7)."""
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    return s < Q and times(point_of(BASE), s) == add(point_of(signature[:32]), times(point_of(public), k))


def trees_of(note: str, key: str) -> dict[str, tuple[int, bytes]]:
    """Return size and root of every tree of a checkpoint that the key signed."""
    name, _, encoded = key.strip().partition("+")
    public = read(encoded.partition("+")[2])[1:]
    text, _, tail = note.partition("\n\n")
    lines = text.split("\n")
    if tree_root([sha(b"\0", line.encode()) for line in lines[3:]]) != read(lines[2]):
        raise ValueError("the checkpoint does not add up")
    begin, end = f"\u2014 {name} ", tail.endswith("\n")
    signature = read(tail[len(begin) : -1]) if tail.startswith(begin) and end else b""
    named = sha(name.encode() + b"\n\1" + public)[:4]
    if signature[:4] != named or not signed_by(public, (text + "\n").encode(), signature[4:]):
        raise ValueError("the checkpoint is not signed by that key")
    return {place: (int(size), read(root)) for place, size, root in (line.split(" ") for line in lines[3:])}


def check(written: str, key: str) -> str:
    """Return in words what a proof shows; raises where it shows nothing."""
    proof = json.loads(written)
    if json.dumps(proof, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" != written:
        raise ValueError("the proof is not written as it was made")
    record, place = proof["record"], f"{proof['record']['topic']}/{proof['record']['partition']}"
    size, root = trees_of(proof["checkpoint"], key)[place]
    if (
        root_by_inclusion(leaf_of(record), proof["leaf"], size, [read(one) for one in proof["hashes"]])
        != root
    ):
        raise ValueError("the record did not stand in the log at that place")
    gone = "" if record["value"] is not None else ", its content erased since"
    return f"{place}@{record['offset']} is leaf {proof['leaf']} of {size}{gone}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check the proof that a record stands in a log.")
    parser.add_argument("proof", type=Path)
    parser.add_argument("--key", required=True)
    given = parser.parse_args()
    try:
        sys.stdout.write(f"right: {check(given.proof.read_bytes().decode(), given.key)}\n")
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError) as error:
        sys.exit(f"WRONG: {error or type(error).__name__}")
