"""Where the real labelled data is; it never enters the repository."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from csv import DictReader
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[3]


def shared(*parts: str) -> Path:
    """Return the path of a shared file; skip the test where there is none."""
    folder = Path(os.environ.get("PREFSTREAM_SHARED_DATA") or CHECKOUT.parent / "shared" / "data")
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no {path}; set PREFSTREAM_SHARED_DATA to the folder of the labelled data")
    return path


def shared_json(*parts: str) -> Any:
    return json.loads(shared(*parts).read_text())


def shared_labels(*parts: str) -> Iterator[tuple[str, str, str]]:
    """Yield task, worker and label of a CSV file, the first of each task and worker."""
    seen: set[tuple[str, str]] = set()
    with shared(*parts).open(newline="") as file:
        for row in DictReader(file):
            key = (row["task"], row["worker"])
            if key not in seen:
                seen.add(key)
                yield *key, row["label"]


def crowd(*parts: str) -> list[dict[str, str]]:
    """Return what each worker said, task by task."""
    units: dict[str, dict[str, str]] = defaultdict(dict)
    for task, worker, label in shared_labels(*parts):
        units[task][worker] = label
    return list(units.values())
