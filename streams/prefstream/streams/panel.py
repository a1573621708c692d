"""The panel: judges, generators and their providers, as the settings name them."""

from collections.abc import Mapping

import asyncpg

from prefstream.adapters.models.offline import OfflineModel
from prefstream.adapters.settings import JudgeSettings
from prefstream.agents.generation import Generator
from prefstream.agents.generators.offline import OfflineGenerator
from prefstream.agents.judges.offline import OfflineJudge
from prefstream.agents.judges.recorded import RecordedJudge
from prefstream.agents.judging import Judge
from prefstream.domain.offline.writers import STYLES
from prefstream.schemas.errors import BadInput
from prefstream.streams.effects import Provider, RecordedProvider


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
    """Return the provider of each kind of call that the panel and the generators make."""
    kinds = {name.partition(":")[0] for name in (*settings.panel, *settings.generators)}
    return {kind: _provider(kind, pool) for kind in kinds}


def _judge(name: str) -> Judge:
    kind, _, which = name.partition(":")
    if kind == "offline":
        return OfflineJudge()
    if kind == "recorded" and which:
        return RecordedJudge(judge=which)
    raise BadInput(f"there is no judge {name!r}; name offline or recorded:NAME")


def _generator(name: str) -> Generator:
    kind, _, which = name.partition(":")
    style = next((known for known in STYLES if known == which), None)
    if kind == "offline" and style is not None:
        return OfflineGenerator(style=style)
    raise BadInput(
        f"there is no generator {name!r}; name one of {', '.join(f'offline:{one}' for one in STYLES)}"
    )


def _provider(kind: str, pool: asyncpg.Pool) -> Provider:
    if kind == "recorded":
        return RecordedProvider(pool)
    return OfflineModel()
