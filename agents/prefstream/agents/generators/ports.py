"""What generation needs of the outside: sources of candidates, and whoever scores them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from prefstream.agents.stage import Answer, Call, Configuration
from prefstream.domain.generation import Mark
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.values import Response


class Generator(Protocol):
    """One source of candidate responses."""

    @property
    def id(self) -> str:
        """Return the identity of model, instructions and parameters."""
        ...

    @property
    def varies(self) -> bool:
        """Return whether another draw may give another candidate."""
        ...

    def call(self, prompt: PromptCurated, draw: int = 0) -> Call:
        """Return the request that asks for a candidate; every draw is a request of its own."""
        ...

    def response(self, content: Mapping[str, Any], draw: int = 0) -> Response:
        """Return the candidate that an answer holds."""
        ...


class Scorer(Protocol):
    """Whoever says how good a candidate is by itself."""

    @property
    def id(self) -> str:
        """Return the identity of model, prompt and settings."""
        ...

    def calls(
        self, prompt: PromptCurated, text: str, configuration: Configuration, answers: Mapping[str, Answer]
    ) -> Sequence[Call]:
        """Return the calls needed, in view of the answers so far."""
        ...

    def mark(
        self, prompt: PromptCurated, text: str, configuration: Configuration, answers: Mapping[str, Answer]
    ) -> Mark | None:
        """Return the mark; `None` while it is not known."""
        ...
