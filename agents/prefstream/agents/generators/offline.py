"""The offline generators: a careful and a hasty writer for demonstrations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefstream.agents.stage import Call
from prefstream.domain.curation import last_user_text
from prefstream.domain.offline.writers import Style
from prefstream.schemas.calls import About
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.values import Provenance, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineGenerator:
    """A writer without a model; the provider "offline" answers with `{"text": ...}`.

    Asking again is free and gives the same answer, so nothing needs to be recorded.
    """

    style: Style

    @property
    def id(self) -> str:
        """Return the identity, which is also the name under which its responses show."""
        return f"offline:{self.style}"

    @property
    def varies(self) -> bool:
        """Return that another draw gives the same candidate."""
        return False

    def call(self, prompt: PromptCurated, draw: int = 0) -> Call:  # noqa: ARG002
        """Return the request that asks for a candidate."""
        request = {"style": self.style, "prompt": last_user_text(prompt.messages)}
        about = About(purpose="generation", subject=prompt.prompt_id, slice=prompt.slice, asked_by=self.id)
        return Call(provider="offline", request=request, journalled=False, about=about)

    def response(self, content: Mapping[str, Any], draw: int = 0) -> Response:  # noqa: ARG002
        """Return the candidate that an answer holds."""
        return Response(text=content["text"], model=self.id, provenance=Provenance.OFFLINE)
