"""A generator by any language model: what is asked of it and how its answer is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from prefstream.agents.judges.attempts import storable
from prefstream.agents.stage import Call
from prefstream.domain.generation.capabilities import capability_of, said, taken
from prefstream.schemas.calls import About
from prefstream.schemas.ids import derived_id
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.values import MAX_TEXT, Provenance, Response

#: Bump whenever another request is made of the same settings: that is another generator.
GENERATOR_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGenerator:
    """A language model that writes candidates."""

    #: Who performs the calls: "anthropic" or "openai".
    provider: str
    model: str
    #: Instructions that make this candidate differ from others of the same model.
    system: str = ""
    #: The name of these instructions.
    variant: str = ""
    max_tokens: int = 2000
    #: Sampling parameters by our names; those that the provider does not take are not asked for.
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the identity of model, instructions and parameters."""
        parameters = orjson.dumps(self._parameters(0), option=orjson.OPT_SORT_KEYS).decode()
        settings = derived_id(GENERATOR_VERSION, self.system, self.variant, self.max_tokens, parameters)
        return f"{self.provider}:{self.model}#{settings[:8]}"

    @property
    def varies(self) -> bool:
        """Return whether another draw may give another candidate."""
        return capability_of(self.provider).varies

    def call(self, prompt: PromptCurated, draw: int = 0) -> Call:
        """Return the request that asks for a candidate; another draw is another request."""
        given = [message.content for message in prompt.messages if message.role == "system"]
        spoken = [message for message in prompt.messages if message.role in ("user", "assistant")]
        request = {
            "model": self.model,
            "system": "\n\n".join(part for part in (self.system, *given) if part),
            "messages": [{"role": message.role, "content": message.content} for message in spoken],
            "tools": [],
            "max_tokens": self.max_tokens,
            "cache": False,
            "parameters": said(self.provider, self._parameters(draw)),
        }
        if draw:
            request["draw"] = draw
        about = About(purpose="generation", subject=prompt.prompt_id, slice=prompt.slice, asked_by=self.id)
        return Call(provider=self.provider, request=request, about=about)

    def response(self, content: Mapping[str, Any], draw: int = 0) -> Response:
        """Return the candidate that an answer holds; one that says nothing is empty."""
        text = content.get("text")
        text = storable(text) if isinstance(text, str) else ""
        cut = content.get("stop") == "max_tokens" or len(text) > MAX_TEXT
        parameters: dict[str, str | int | float | bool | None] = {
            "max_tokens": self.max_tokens,
            **({"variant": self.variant} if self.variant else {}),
            **({"system": self.system} if self.system else {}),
            **self._parameters(draw),
            **({"draw": draw} if draw else {}),
            **({"truncated": True} if cut else {}),
        }
        return Response(
            text=text[:MAX_TEXT],
            model=f"{self.provider}:{self.model}",
            parameters=parameters,
            provenance=Provenance.SIMULATED if content.get("stand_in") else Provenance.REAL,
        )

    def _parameters(self, draw: int) -> dict[str, str | int | float]:
        """Return what is asked for; a seed moves on with each draw, or all would come out the same."""
        asked = taken(self.provider, self.parameters)
        seed = asked.get("seed")
        return asked | ({"seed": seed + draw} if isinstance(seed, int) else {})
