"""Generators, strategy and scorer by the settings, and what is said of those that cannot work."""

from typing import Any

import pytest

from prefstream.adapters.settings import GenerationSettings, JudgeSettings
from prefstream.agents.generation import Generation
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.generators.scoring import ModelScorer, OfflineScorer
from prefstream.domain.generation.variants import VARIANTS
from prefstream.schemas.errors import BadInput
from prefstream.streams.writers import generation_of, scorer_of


def a_generation(*names: str, **settings: Any) -> Generation:
    return generation_of(JudgeSettings(generators=names), GenerationSettings(**settings))


def forms(stage: Generation) -> list[tuple[str, dict[str, Any]]]:
    return [
        (one.variant, dict(one.parameters)) for one in stage.generators if isinstance(one, ModelGenerator)
    ]


def test_without_settings_the_two_offline_writers_make_all_pairs() -> None:
    stage = generation_of(JudgeSettings(), GenerationSettings())

    assert [one.id for one in stage.generators] == ["offline:careful", "offline:hasty"]
    assert (stage.strategy.name, stage.strategy.ways, stage.scorer) == ("diverse_models", ("all",), None)


def test_temperature_diversity_asks_each_model_at_each_temperature() -> None:
    stage = a_generation("openai:m", strategy="temperature_diversity", temperatures=(0.2, 1.2))

    assert forms(stage) == [("", {"temperature": 0.2}), ("", {"temperature": 1.2})]


def test_prompt_variants_asks_each_model_under_each_of_them_and_says_which() -> None:
    stage = a_generation(
        "anthropic:m",
        strategy="prompt_variants",
        variants=("concise", "pirate"),
        own_variants={"pirate": "Answer like a pirate."},
        parameters={"anthropic:m": {"system": "Be kind."}},
    )

    generators = [one for one in stage.generators if isinstance(one, ModelGenerator)]
    assert [one.system for one in generators] == [
        f"{VARIANTS['concise']}\n\nBe kind.",
        "Answer like a pirate.\n\nBe kind.",
    ]
    told = generators[1].response({"text": "x"}).parameters
    assert told == {"max_tokens": 2000, "variant": "pirate", "system": "Answer like a pirate.\n\nBe kind."}


def test_efforts_make_one_model_of_anthropic_differ() -> None:
    stage = a_generation("anthropic:m", efforts=("low", "max"))

    assert forms(stage) == [("", {"effort": "low"}), ("", {"effort": "max"})]
    first, second = stage.generators
    assert first.id != second.id


def test_what_is_set_for_all_is_asked_of_those_that_take_it() -> None:
    every = {"temperature": 0.5, "effort": "low", "max_tokens": 300}
    stage = a_generation("anthropic:a", "openai:b", "offline:hasty", parameters={"*": every})

    assert forms(stage) == [("", {"effort": "low"}), ("", {"temperature": 0.5, "effort": "low"})]
    assert stage.generators[0].max_tokens == 300  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["anthropic:claude-x", "offline:careful"])
def test_temperature_diversity_is_refused_where_no_temperature_is_taken_with_what_can_be_done(
    name: str,
) -> None:
    with pytest.raises(BadInput) as raised:
        a_generation(name, "openai:m", strategy="temperature_diversity")

    told = str(raised.value)
    assert f"temperature_diversity cannot be had of {name}" in told
    assert "diverse_models" in told
    for way in ("prompt_variants", "PREFSTREAM_GENERATION__EFFORTS", "best_of_n"):
        assert (way in told) is name.startswith("anthropic")


@pytest.mark.parametrize(
    ("names", "settings", "told"),
    [
        (
            ("offline:hasty", "offline:careful"),
            {"strategy": "prompt_variants"},
            "takes no instructions of ours",
        ),
        (("offline:hasty", "offline:careful"), {"efforts": ("low",)}, "offline takes no effort"),
        (("openai:m",), {"strategy": "prompt_variants", "variants": ("rude",)}, "no prompt variant 'rude'"),
        (("openai:m",), {"strategy": "prompt_variants", "variants": ()}, "prompt_variants has no variant"),
        (("openai:m",), {"strategy": "temperature_diversity", "temperatures": (1, 5)}, "and 5 is none"),
        (("openai:m",), {"strategy": "temperature_diversity", "temperatures": ()}, "and there is none"),
        (("openai:m",), {"efforts": ("max", "low")}, "openai knows no effort max"),
        (("anthropic:m",), {"parameters": {"anthropic:m": {"seed": 1}}}, "anthropic takes no seed"),
        (("offline:hasty",), {"parameters": {"offline:hasty": {"seed": 1}}}, "offline takes no seed"),
        (
            ("openai:m",),
            {"parameters": {"openai:n": {}}},
            "openai:n, which is no generator; named are openai:m",
        ),
        (
            ("anthropic:m",),
            {"parameters": {"*": {"thinking_tokens": 2000}}},
            "leave nothing of max_tokens = 2000",
        ),
        (("openai:m", "openai:m"), {}, "PREFSTREAM_GENERATION__N for more candidates"),
        (("openai:m",), {"strategy": "best_of_n"}, "PREFSTREAM_GENERATION__SCORER"),
        (("openai:m",), {"n": 4, "budget": 3}, "PREFSTREAM_GENERATION__BUDGET"),
        (("offline:hasty",), {}, "PREFSTREAM_GENERATION__N or PREFSTREAM_JUDGE__GENERATORS"),
        (
            ("openai:m",),
            {"strategy": "rejection_sampling", "scorer": "offline", "pairing": ("all",)},
            "PREFSTREAM_GENERATION__PAIRING",
        ),
        (("openai:m",), {"scorer": "gpt"}, "there is no scorer 'gpt'"),
        (("openai:m",), {"scorer": "openai:"}, "there is no scorer 'openai:'"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_correct(
    names: tuple[str, ...], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadInput) as raised:
        a_generation(*names, **settings)

    assert told in str(raised.value)


def test_without_generators_there_are_only_pairs_that_arrive_ready_made() -> None:
    assert a_generation().generators == ()


def test_scorers_by_their_names() -> None:
    assert scorer_of(GenerationSettings()) is None
    assert scorer_of(GenerationSettings(scorer="offline")) == OfflineScorer()
    assert scorer_of(GenerationSettings(scorer="openai:a:b")) == ModelScorer(provider="openai", model="a:b")


def test_settings_that_change_what_is_asked_change_the_stages_version() -> None:
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"n": 3},
        {"budget": 9},
        {"max_pairs": 1},
        {"pairing": ("adjacent",)},
        {"allow_truncated": True},
        {"strategy": "temperature_diversity"},
        {"strategy": "temperature_diversity", "temperatures": (0.1, 0.9)},
        {"strategy": "prompt_variants"},
        {"strategy": "prompt_variants", "variants": ("expert", "direct")},
        {"efforts": ("low", "high")},
        {"strategy": "best_of_n", "scorer": "offline"},
        {"strategy": "best_of_n", "scorer": "openai:s"},
        {"parameters": {"*": {"temperature": 0.1}}},
        {"parameters": {"*": {"max_tokens": 10}}},
    )
    assert len({a_generation("openai:m", **change).version for change in changes}) == len(changes)
