"""Judges, generators and providers by the names that settings give them."""

import asyncio
from typing import Any, cast

import asyncpg
import pytest
from pydantic import SecretStr, ValidationError

from prefstream.adapters.settings import GenerationSettings, JudgeSettings
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.generators.offline import OfflineGenerator
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judging import Judging
from prefstream.schemas.errors import BadInput
from prefstream.streams.effects import Provider, RecordedProvider
from prefstream.streams.panel import judges_of, providers_of
from prefstream.streams.writers import generators_of

#: Providers keep the pool and use it only when they are asked.
NO_POOL = cast("asyncpg.Pool", None)


def a_panel(*names: str) -> JudgeSettings:
    return JudgeSettings(panel=names, generators=())


@pytest.mark.parametrize(
    "name", ["offline", "recorded:pandalm", "anthropic:claude-x", "openai:llama-3:8b", "openai:org/model"]
)
def test_every_kind_of_judge_can_be_named(name: str) -> None:
    assert len(judges_of(a_panel(name))) == 1


@pytest.mark.parametrize(
    "name", ["", "recorded", "recorded:", "anthropic", "openai:", "Offline", "claude", ":x", "gpt:4"]
)
def test_a_judge_nobody_knows_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(BadInput, match="recorded:NAME") as raised:
        judges_of(a_panel(name))

    assert repr(name) in str(raised.value)


def test_an_empty_panel_is_refused_with_the_setting() -> None:
    with pytest.raises(BadInput, match="PREFSTREAM_JUDGE__PANEL"):
        judges_of(a_panel())


@pytest.mark.parametrize("names", [("offline", "offline"), ("openai:m", "recorded:a", "openai:m")])
def test_a_judge_that_is_named_twice_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match=r"twice on the panel.*name it once"):
        judges_of(a_panel(*names))


def test_orders_variants_critique_and_tokens_come_from_the_settings() -> None:
    settings = JudgeSettings(
        panel=("openai:m",), orders=("ba", "ba"), variants=3, critique=True, verdict_tokens=900
    )

    assert judges_of(settings) == (
        ModelJudge(
            provider="openai",
            model="m",
            orders=("ba",),
            variants=("plain", "verdict_first", "own_answer"),
            critique=True,
            max_tokens=900,
        ),
    )


@pytest.mark.parametrize("wrong", [{"orders": ()}, {"orders": ("aa",)}, {"variants": 0}, {"variants": 6}])
def test_settings_that_make_no_judge_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JudgeSettings(**wrong)


@pytest.mark.parametrize("name", ["offline", "offline:careless", "recorded:x", "anthropic:", ""])
def test_a_generator_nobody_knows_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(BadInput, match="offline:careful, offline:hasty"):
        generators_of(JudgeSettings(generators=(name,)), GenerationSettings())


def test_generators_keep_the_order_of_the_settings_and_models_their_names() -> None:
    names = JudgeSettings(generators=("openai:a:b", "offline:hasty", "anthropic:c"))
    found = generators_of(names, GenerationSettings())

    assert found == (
        ModelGenerator(provider="openai", model="a:b"),
        OfflineGenerator(style="hasty"),
        ModelGenerator(provider="anthropic", model="c"),
    )


def test_panels_of_other_members_have_other_identities() -> None:
    """A policy is certified for one panel; a changed panel must not inherit it."""
    panels = [("offline",), ("recorded:a",), ("recorded:b",), ("offline", "recorded:a"), ("openai:a",)]
    ids = {Judging(panel=judges_of(a_panel(*names))).judge_id for names in panels}

    assert len(ids) == len(panels)


def test_every_kind_that_is_named_has_its_provider() -> None:
    settings = JudgeSettings(
        panel=("offline", "recorded:a"),
        generators=("anthropic:a", "openai:b"),
        anthropic_api_key=SecretStr("key"),
        openai_base_url="http://127.0.0.1:9/v1",
    )

    async def kinds() -> dict[str, Provider]:
        return dict(providers_of(settings, NO_POOL))

    found = asyncio.run(kinds())
    assert set(found) == {"offline", "recorded", "anthropic", "openai"}
    assert isinstance(found["recorded"], RecordedProvider)


def test_an_openai_compatible_model_without_a_server_is_refused_with_the_setting() -> None:
    with pytest.raises(BadInput, match="PREFSTREAM_JUDGE__OPENAI_BASE_URL"):
        providers_of(a_panel("openai:m"), NO_POOL)


def test_a_model_of_anthropic_without_a_key_is_refused() -> None:
    with pytest.raises(BadInput, match="API_KEY"):
        providers_of(a_panel("anthropic:m"), NO_POOL)
