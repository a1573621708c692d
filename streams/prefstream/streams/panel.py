"""The panel: judges, generators and their providers, as the settings name them."""

from collections.abc import Mapping
from typing import Literal, cast

import asyncpg

from prefstream.adapters.models.offline import OfflineModel
from prefstream.adapters.settings import JudgeSettings
from prefstream.agents.generation import Generator
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.generators.offline import OfflineGenerator
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judges.offline import OfflineJudge
from prefstream.agents.judges.recorded import RecordedJudge
from prefstream.agents.judging import Judge
from prefstream.domain.offline.writers import STYLES
from prefstream.schemas.errors import BadInput
from prefstream.streams.effects import Provider, RecordedProvider

_MODELS = ("anthropic", "openai")
Vendor = Literal["anthropic", "openai"]


def judges_of(settings: JudgeSettings) -> tuple[Judge, ...]:
    """Return the panel.

    Raises:
        BadInput: A name is not one we know, or the panel is empty.
    """
    if not settings.panel:
        raise BadInput("the panel is empty; set PREFSTREAM_JUDGE__PANEL, e.g. '[\"offline\"]'")
    return tuple(_judge(name) for name in settings.panel)


def generators_of(settings: JudgeSettings) -> tuple[Generator, ...]:
    """Return the generators.

    Raises:
        BadInput: A name is not one we know.
    """
    return tuple(_generator(name) for name in settings.generators)


def providers_of(settings: JudgeSettings, pool: asyncpg.Pool) -> Mapping[str, Provider]:
    """Return the provider of each kind of call that the panel and the generators make.

    Raises:
        BadInput: A provider is named whose key or address is not set.
    """
    kinds = {name.partition(":")[0] for name in (*settings.panel, *settings.generators)}
    return {kind: _provider(kind, settings, pool) for kind in kinds}


def _judge(name: str) -> Judge:
    kind, _, which = name.partition(":")
    if kind == "offline":
        return OfflineJudge()
    if kind == "recorded" and which:
        return RecordedJudge(judge=which)
    if kind in _MODELS and which:
        return ModelJudge(provider=cast("Vendor", kind), model=which)
    raise BadInput(
        f"there is no judge {name!r}; name offline, recorded:NAME, anthropic:MODEL or openai:MODEL"
    )


def _generator(name: str) -> Generator:
    kind, _, which = name.partition(":")
    style = next((known for known in STYLES if known == which), None)
    if kind == "offline" and style is not None:
        return OfflineGenerator(style=style)
    if kind in _MODELS and which:
        return ModelGenerator(provider=cast("Vendor", kind), model=which)
    known = ", ".join(f"offline:{one}" for one in STYLES)
    raise BadInput(f"there is no generator {name!r}; name {known}, anthropic:MODEL or openai:MODEL")


def _provider(kind: str, settings: JudgeSettings, pool: asyncpg.Pool) -> Provider:
    match kind:
        case "recorded":
            return RecordedProvider(pool)
        case "anthropic":
            from prefstream.adapters.models.anthropic import AnthropicModel

            key = settings.anthropic_api_key.get_secret_value()
            return AnthropicModel(
                api_key=key, base_url=settings.anthropic_base_url, timeout_s=settings.deadline_s
            )
        case "openai":
            from prefstream.adapters.models.openai_compatible import OpenAICompatibleModel

            if not settings.openai_base_url:
                raise BadInput("no OpenAI-compatible server is set; set PREFSTREAM_JUDGE__OPENAI_BASE_URL")
            key = settings.openai_api_key.get_secret_value()
            return OpenAICompatibleModel(
                base_url=settings.openai_base_url, api_key=key, timeout_s=settings.deadline_s
            )
        case _:
            return OfflineModel()
