"""How many hostile responses are flagged, and how many honest ones."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefstream.domain.injection import Kind, suspicions
from tests.hostile.sets import Written, hostile, written

CHECKOUT = Path(__file__).parents[2]


def share_flagged(responses: tuple[Written, ...]) -> float:
    return sum(bool(suspicions(response.text)) for response in responses) / len(responses)


def test_the_sets_are_as_large_and_as_varied_as_they_claim() -> None:
    texts = [response.text for response in hostile()]
    foreign = {response.language for response in hostile()} - {"en"}

    assert len(written("held_out")) >= 60
    assert len(set(texts)) == len(texts) >= 500
    assert len({response.id for response in hostile()}) == len(texts)
    assert len(foreign) >= 20
    assert len({response.kind for response in hostile()}) >= 18


def test_nineteen_of_twenty_hostile_responses_are_flagged() -> None:
    assert share_flagged(hostile()) >= 0.95


def test_hostile_responses_it_was_not_developed_on_are_flagged_too() -> None:
    """The rate that says something of tomorrow's attacks: these were written before it had seen them."""
    assert share_flagged(written("held_out")) >= 0.9


@pytest.mark.parametrize("kind", sorted({response.kind for response in hostile()}))
def test_no_form_of_attack_goes_mostly_unseen(kind: str) -> None:
    assert share_flagged(tuple(response for response in hostile() if response.kind == kind)) >= 0.8


@pytest.mark.parametrize(
    "language", sorted({response.language for response in hostile() if response.kind == "foreign"})
)
def test_every_language_is_read(language: str) -> None:
    texts = tuple(response for response in hostile() if response.language == language)

    assert share_flagged(texts) >= 0.75


def test_few_near_misses_are_flagged() -> None:
    assert len(written("benign")) >= 100
    assert share_flagged(written("benign")) < 0.05


def test_answers_to_multiple_choice_are_never_flagged() -> None:
    choices = [response for response in written("benign") if response.kind == "multiple_choice"]

    assert len(choices) >= 20
    assert [response.id for response in choices if suspicions(response.text)] == []


def test_every_kind_is_found_somewhere() -> None:
    found = {suspicion.kind for response in hostile() for suspicion in suspicions(response.text)}

    assert found == set(Kind)


def shared(*parts: str) -> Path:
    """Return the path of a shared file; skip the test where there is none."""
    folder = Path(os.environ.get("PREFSTREAM_SHARED_DATA") or CHECKOUT.parent / "shared" / "data")
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no {path}; set PREFSTREAM_SHARED_DATA to the folder of the labelled data")
    return path


def rows(*parts: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a shared file of JSON lines, packed or not."""
    path = shared(*parts)
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open() as file:
        yield from map(json.loads, file)


def real_responses() -> Iterator[str]:
    """Yield the last answers of the hh_rlhf dialogues and the outputs of llmbar."""
    for row in rows("hh_rlhf", "harmless-base.test.jsonl.gz"):
        for side in ("chosen", "rejected"):
            yield row[side].rsplit("\n\nAssistant:", 1)[-1].strip()
    for row in rows("llmbar", "items.jsonl"):
        yield row["output_1"]
        yield row["output_2"]


def real_explanations() -> Iterator[str]:
    """Yield what three judges said of real pairs."""
    for row in rows("llmbar", "rationales_gpt4.jsonl.gz"):
        yield row["completion"]
    for name, reason in (("gpt-3.5-turbo", "gpt_reason"), ("pandalm-7b", "pandalm_reason")):
        for row in json.loads(shared("pandalm", f"{name}-testset-v1.json").read_text("utf-8")):
            yield row[reason] or ""


@pytest.mark.shared
def test_hardly_any_real_response_is_flagged() -> None:
    responses = list(real_responses())
    flagged = [response for response in responses if suspicions(response)]

    assert len(responses) > 5000
    assert len(flagged) / len(responses) < 0.005


@pytest.mark.shared
def test_what_real_judges_wrote_is_flagged_when_a_response_says_it() -> None:
    explanations = [text for text in real_explanations() if text.strip()]
    flagged = [text for text in explanations if suspicions(f"It takes two hours.\n\n{text}")]

    assert len(explanations) > 2500
    assert len(flagged) / len(explanations) >= 0.95
