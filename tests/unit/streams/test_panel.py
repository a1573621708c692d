"""Judges, generators and providers by the names that settings give them."""

import asyncio
from typing import cast

import asyncpg
import pytest
from pydantic import SecretStr

from prefstream.adapters.settings import JudgeSettings
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.generators.offline import OfflineGenerator
from prefstream.agents.judging import Judging
from prefstream.schemas.errors import BadInput
from prefstream.streams.effects import Provider, RecordedProvider
from prefstream.streams.panel import generators_of, judges_of, providers_of

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


@pytest.mark.parametrize("name", ["offline", "offline:careless", "recorded:x", "anthropic:", ""])
def test_a_generator_nobody_knows_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(BadInput, match="offline:careful, offline:hasty"):
        generators_of(JudgeSettings(generators=(name,)))


def test_generators_keep_the_order_of_the_settings_and_models_their_names() -> None:
    found = generators_of(JudgeSettings(generators=("openai:a:b", "offline:hasty", "anthropic:c")))

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
