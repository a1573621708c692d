"""Marked blocks: untrusted texts as data, between lines that none of them can foresee."""

from collections.abc import Sequence
from hashlib import sha256


def marked(blocks: Sequence[tuple[str, str]]) -> str:
    """Return the texts one after the other, each between marks of its name.

    The mark is a hash of all the texts together, so a text cannot hold it.

    Args:
        blocks: Name and text of each block.
    """
    lengths = " ".join(str(len(text)) for _, text in blocks[:-1])
    mark = sha256(f"{lengths} {''.join(text for _, text in blocks)}".encode()).hexdigest()[:16]
    return "\n\n".join(f"<<{name} {mark}>>\n{text}\n<<END OF {name} {mark}>>" for name, text in blocks)
