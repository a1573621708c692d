"""A generator by any language model: what is asked of it and how its answer is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prefstream.agents.stage import Call
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.values import Provenance, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGenerator:
    """A language model that writes one candidate."""

    #: Who performs the calls: "anthropic" or "openai".
    provider: str
    model: str
    #: Instructions that make this candidate differ from others of the same model.
    system: str = ""
    max_tokens: int = 2000
    #: Sampling parameters, where the provider takes any.
    parameters: Mapping[str, int | float] = field(default_factory=dict)

    def call(self, prompt: PromptCurated) -> Call:
        """Return the request that asks for a candidate."""
        given = [message.content for message in prompt.messages if message.role == "system"]
        spoken = [message for message in prompt.messages if message.role in ("user", "assistant")]
        request = {
            "model": self.model,
            "system": "\n\n".join(part for part in (self.system, *given) if part),
            "messages": [{"role": message.role, "content": message.content} for message in spoken],
            "tools": [],
            "max_tokens": self.max_tokens,
            "cache": False,
            "parameters": dict(self.parameters),
        }
        return Call(provider=self.provider, request=request)

    def response(self, content: Mapping[str, Any]) -> Response:
        """Return the candidate that an answer holds; one that says nothing is empty."""
        text = content.get("text")
        parameters = {"max_tokens": self.max_tokens, "system": self.system or None, **self.parameters}
        return Response(
            text=text if isinstance(text, str) else "",
            model=f"{self.provider}:{self.model}",
            parameters=parameters,
            provenance=Provenance.REAL,
        )
