"""The offline generators: a careful and a hasty writer for demonstrations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefstream.agents.stage import Call
from prefstream.domain.curation import last_user_text
from prefstream.domain.offline.writers import Style
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.values import Provenance, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineGenerator:
    """A writer without a model; the provider "offline" answers with `{"text": ...}`.

    Asking again is free and gives the same answer, so nothing needs to be recorded.
    """

    style: Style

    @property
    def model(self) -> str:
        """Return the name under which its responses show."""
        return f"offline:{self.style}"

    def call(self, prompt: PromptCurated) -> Call:
        """Return the request that asks for a candidate."""
        request = {"style": self.style, "prompt": last_user_text(prompt.messages)}
        return Call(provider="offline", request=request, journalled=False)

    def response(self, content: Mapping[str, Any]) -> Response:
        """Return the candidate that an answer holds."""
        return Response(text=content["text"], model=self.model, provenance=Provenance.OFFLINE)
