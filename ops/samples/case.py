"""A case of the sample: a prompt, a better and a worse response (or two equal ones), and how it is known."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Case:
    slice: str
    prompt: str
    better: str
    worse: str
    grade: Literal["much", "slightly", "equal"] = "much"
    tags: tuple[str, ...] = ()
