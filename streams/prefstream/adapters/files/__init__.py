"""Files that people bring: their rows, read with bounded memory, and how far reading got."""

from prefstream.adapters.files.checkpoints import Checkpoint, Checkpoints
from prefstream.adapters.files.formats import FORMATS, open_rows
from prefstream.adapters.files.refusals import Refusal, Refusals
from prefstream.adapters.files.rows import START, Position, Reader, Row, Unreadable
from prefstream.adapters.files.sources import STDIN, Identity, identity_of

__all__ = [
    "FORMATS",
    "START",
    "STDIN",
    "Checkpoint",
    "Checkpoints",
    "Identity",
    "Position",
    "Reader",
    "Refusal",
    "Refusals",
    "Row",
    "Unreadable",
    "identity_of",
    "open_rows",
]
