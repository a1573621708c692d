"""What providers take, and the variants that are shipped."""

import pytest

from prefstream.domain.generation.capabilities import (
    CAPABILITIES,
    Parameters,
    capability_of,
    said,
    taken,
    untaken,
)
from prefstream.domain.generation.variants import VARIANTS


def test_anthropic_is_never_asked_for_a_temperature() -> None:
    asked: Parameters = {
        "temperature": 0.7,
        "top_p": 0.9,
        "seed": 1,
        "effort": "high",
        "thinking_tokens": 4000,
    }

    assert taken("anthropic", asked) == {"effort": "high", "thinking_tokens": 4000}
    assert said("anthropic", asked) == {
        "output_config": {"effort": "high"},
        "thinking": {"type": "enabled", "budget_tokens": 4000},
    }


def test_every_provider_says_all_that_it_takes() -> None:
    for provider, capability in CAPABILITIES.items():
        asked = dict.fromkeys(capability.places, 1)
        assert (len(said(provider, asked)) > 0) is bool(asked)
        assert taken(provider, asked) == asked


@pytest.mark.parametrize(
    ("provider", "asked", "told"),
    [
        ("anthropic", {"temperature": 1, "seed": 2}, "takes no temperature and no seed; it takes effort"),
        ("offline", {"seed": 2}, "it takes no parameters"),
        ("anthropic", {"effort": "minimal"}, "knows no effort minimal"),
        ("anthropic", {"thinking_tokens": 10}, "at least 1024"),
        ("openai", {"thinking_tokens": 2000}, "takes no thinking_tokens"),
    ],
)
def test_what_a_provider_does_not_take_is_told(provider: str, asked: dict[str, str | int], told: str) -> None:
    assert told in (untaken(provider, asked) or "")


def test_a_provider_nobody_knows_takes_instructions_only() -> None:
    assert said("other", {"temperature": 1}) == {}
    assert capability_of("other").system


def test_the_variants_differ_and_plain_says_nothing() -> None:
    assert VARIANTS["plain"] == ""
    assert len(set(VARIANTS.values())) == len(VARIANTS)
    assert {"concise", "thorough", "cautious", "plain-language", "step-by-step"} <= set(VARIANTS)
