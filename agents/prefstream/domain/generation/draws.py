"""Draws and what came of them: one request for a candidate, its answer, its score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: Why an answer is no candidate. "failed": its source will not answer this prompt, now or ever.
Fault = Literal["empty", "truncated", "declined", "unreadable", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Draw:
    """One request for a candidate: the `number`-th that is made of a source."""

    #: Place among the sources.
    source: int
    #: Counted from 0; part of the request, so that no two draws share an answer.
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What came of a draw."""

    draw: Draw
    text: str = ""
    #: `None`: it can stand as a candidate.
    fault: Fault | None = None

    @property
    def words(self) -> str:
        """Return the text by which two drafts are told apart: blanks and line ends do not matter."""
        return " ".join(self.text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a scorer gives a draft."""

    #: Between 0 and 1; `None`: the scorer gave none that can be read.
    score: float | None
    #: The scores it is made of, by clause of the constitution.
    clauses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A draft that stands, with its mark where the strategy asks for one."""

    draft: Draft
    mark: Mark | None = None

    @property
    def score(self) -> float | None:
        """Return the score, if it has one."""
        return self.mark.score if self.mark else None
