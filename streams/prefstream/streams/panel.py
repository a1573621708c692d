"""The panel: judges, generators and their providers, as the settings name them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, cast

import asyncpg

from prefstream.adapters.models.offline import OfflineModel
from prefstream.adapters.settings import CurationSettings, JudgeSettings, LimitSettings
from prefstream.agents.classification import Classifier, ModelClassifier, OfflineClassifier
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judges.offline import OfflineJudge
from prefstream.agents.judges.recorded import RecordedJudge
from prefstream.agents.judges.variants import first_variants
from prefstream.agents.judging import Judge
from prefstream.schemas.errors import BadInput
from prefstream.streams.batching import BatchedModel
from prefstream.streams.effects import Provider, RecordedProvider

_MODELS = ("anthropic", "openai")
Vendor = Literal["anthropic", "openai"]


def judges_of(settings: JudgeSettings) -> tuple[Judge, ...]:
    """Return the panel.

    Raises:
        BadInput: A name is not one we know, one is named twice, or the panel is empty.
    """
    if not settings.panel:
        raise BadInput("the panel is empty; set PREFSTREAM_JUDGE__PANEL, e.g. '[\"offline\"]'")
    panel = tuple(_judge(name, settings) for name in settings.panel)
    twice = [name for name, count in Counter(judge.id for judge in panel).items() if count > 1]
    if twice:
        raise BadInput(f"judge {twice[0]} is twice on the panel; its votes would count double; name it once")
    return panel


def classifier_of(settings: CurationSettings) -> Classifier | None:
    """Return the classifier of prompts; `None` where rules decide alone.

    Raises:
        BadInput: The name is not one we know.
    """
    kind, _, which = settings.classifier.partition(":")
    if not settings.classifier:
        return None
    if settings.classifier == "offline":
        return OfflineClassifier(slices=settings.slices)
    if kind in _MODELS and which:
        return ModelClassifier(provider=kind, model=which, slices=settings.slices)
    raise BadInput(
        f"there is no classifier {settings.classifier!r}; name offline, anthropic:MODEL or openai:MODEL "
        "in PREFSTREAM_CURATION__CLASSIFIER, or leave it empty"
    )


def providers_of(
    settings: JudgeSettings,
    pool: asyncpg.Pool,
    *,
    also: Sequence[str] = (),
    limits: LimitSettings | None = None,
) -> Mapping[str, Provider]:
    """Return the provider of each kind of call that the panel, the generators and others make.

    Args:
        settings: Panel, generators, keys and addresses.
        pool: Where recorded verdicts are.
        also: Others that make calls, named as the panel is.
        limits: How long an answer may be, and which way it comes.

    Raises:
        BadInput: A provider is named whose key or address is not set.
    """
    kinds = {name.partition(":")[0] for name in (*settings.panel, *settings.generators, *also)}
    return {kind: _provider(kind, settings, pool, limits or LimitSettings()) for kind in kinds}


def _judge(name: str, settings: JudgeSettings) -> Judge:
    kind, _, which = name.partition(":")
    if kind == "offline":
        return OfflineJudge()
    if kind == "recorded" and which:
        return RecordedJudge(judge=which)
    if kind in _MODELS and which:
        return ModelJudge(
            provider=cast("Vendor", kind),
            model=which,
            orders=tuple(dict.fromkeys(settings.orders)),
            variants=first_variants(settings.variants),
            critique=settings.critique,
            max_tokens=settings.verdict_tokens,
        )
    raise BadInput(
        f"there is no judge {name!r}; name offline, recorded:NAME, anthropic:MODEL or openai:MODEL"
    )


def _provider(kind: str, settings: JudgeSettings, pool: asyncpg.Pool, limits: LimitSettings) -> Provider:
    match kind:
        case "recorded":
            return RecordedProvider(pool)
        case "anthropic" if settings.batch:
            return BatchedModel(pool)
        case "anthropic":
            from prefstream.adapters.models.anthropic import AnthropicModel

            key = settings.anthropic_api_key.get_secret_value()
            return AnthropicModel(
                api_key=key,
                base_url=settings.anthropic_base_url,
                timeout_s=settings.deadline_s,
                answer_bytes=limits.answer_bytes,
                plain=limits.plain_sdk,
            )
        case "openai":
            from prefstream.adapters.models.openai_compatible import OpenAICompatibleModel

            if not settings.openai_base_url:
                raise BadInput("no OpenAI-compatible server is set; set PREFSTREAM_JUDGE__OPENAI_BASE_URL")
            key = settings.openai_api_key.get_secret_value()
            return OpenAICompatibleModel(
                base_url=settings.openai_base_url,
                api_key=key,
                timeout_s=settings.deadline_s,
                answer_bytes=limits.answer_bytes,
            )
        case _:
            return OfflineModel()
