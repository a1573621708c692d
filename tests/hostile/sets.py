"""The written sets: hostile responses the detector was developed on, ones it was not, and benign ones."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Written(NamedTuple):
    """A response written for these tests."""

    id: str
    kind: str
    language: str
    text: str


@cache
def written(name: str) -> tuple[Written, ...]:
    """Return the set of a name: developed, held_out or benign."""
    lines = (Path(__file__).parent / f"{name}.jsonl").read_text("utf-8").splitlines()
    return tuple(Written(**json.loads(line)) for line in lines)


def hostile() -> tuple[Written, ...]:
    return (*written("developed"), *written("held_out"))
