"""How commands speak: tables and sentences for people, one JSON document for machines."""

import json
import sys
from collections.abc import Mapping
from typing import Any


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document, and nothing else, to standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def say(text: str) -> None:
    """Print a line for people to standard output."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Print a line about how things go to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
