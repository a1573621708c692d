"""What each provider lets itself be asked: which sampling parameters, and under which names.

The Messages API of Anthropic takes no temperature, top_p or seed: candidates of its models come to
differ by model, system prompt, effort or thinking. Servers that are compatible with OpenAI's take them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Parameters = Mapping[str, str | int | float]
#: Least tokens that Anthropic lets a model think.
MIN_THINKING_TOKENS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What one provider takes."""

    #: Parameters by our name, each with its place in the request: keys from the outside in.
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: What is said beside a parameter, by our name.
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Efforts it knows.
    efforts: tuple[str, ...] = ()
    #: It takes instructions of ours, so there can be variants of them.
    system: bool = True
    #: Asked again, it may answer differently.
    varies: bool = True


CAPABILITIES: Mapping[str, Capability] = {
    "anthropic": Capability(
        places={"effort": ("output_config", "effort"), "thinking_tokens": ("thinking", "budget_tokens")},
        beside={"thinking_tokens": {"thinking": {"type": "enabled"}}},
        efforts=("low", "medium", "high", "xhigh", "max"),
    ),
    "openai": Capability(
        places={
            "temperature": ("temperature",),
            "top_p": ("top_p",),
            "seed": ("seed",),
            "effort": ("reasoning_effort",),
        },
        efforts=("minimal", "low", "medium", "high"),
    ),
    "offline": Capability(system=False, varies=False),
}
_UNKNOWN = Capability()


def capability_of(provider: str) -> Capability:
    """Return what a provider takes; one we do not know takes instructions and nothing else."""
    return CAPABILITIES.get(provider, _UNKNOWN)


def taken(provider: str, parameters: Parameters) -> dict[str, str | int | float]:
    """Return those parameters that the provider takes.

    >>> taken("anthropic", {"temperature": 0.7, "effort": "low"})
    {'effort': 'low'}
    """
    places = capability_of(provider).places
    return {name: value for name, value in parameters.items() if name in places}


def said(provider: str, parameters: Parameters) -> dict[str, Any]:
    """Return the parameters as the provider's request says them, without those it does not take.

    >>> said("anthropic", {"effort": "low", "seed": 7})
    {'output_config': {'effort': 'low'}}
    >>> said("anthropic", {"thinking_tokens": 2000})
    {'thinking': {'type': 'enabled', 'budget_tokens': 2000}}
    >>> said("openai", {"temperature": 0.7, "effort": "low"})
    {'temperature': 0.7, 'reasoning_effort': 'low'}
    """
    capability = capability_of(provider)
    request: dict[str, Any] = {}
    for name, value in taken(provider, parameters).items():
        for outer, more in capability.beside.get(name, {}).items():
            request.setdefault(outer, {}).update(more)
        *outside, last = capability.places[name]
        inner = request
        for key in outside:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return request


def untaken(provider: str, parameters: Parameters) -> str | None:
    """Return what is wrong with asking a provider for these parameters; `None` when nothing is.

    >>> untaken("anthropic", {"temperature": 0.7})
    'anthropic takes no temperature; it takes effort, thinking_tokens'
    >>> untaken("openai", {"effort": "max"})
    'openai knows no effort max; it knows minimal, low, medium, high'
    """
    capability = capability_of(provider)
    strange = [name for name in parameters if name not in capability.places]
    if strange:
        takes = ", ".join(capability.places) or "no parameters"
        return f"{provider} takes no {_listed(strange)}; it takes {takes}"
    effort = parameters.get("effort")
    if effort is not None and effort not in capability.efforts:
        return f"{provider} knows no effort {effort}; it knows {', '.join(capability.efforts)}"
    thinking = parameters.get("thinking_tokens")
    if isinstance(thinking, int) and thinking < MIN_THINKING_TOKENS:
        return f"{provider} thinks in at least {MIN_THINKING_TOKENS} tokens, not {thinking}"
    return None


def _listed(names: Sequence[str]) -> str:
    return " and no ".join(names)
