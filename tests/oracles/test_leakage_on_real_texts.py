"""Leakage of a real evaluation set, planted into real pairs: all of it is found, and nothing else."""

import gzip
import json
import re
from collections.abc import Callable
from random import Random

import pytest
from tests.factories import a_message, a_pair_proposed, a_response
from tests.oracles.agreement.shared_data import shared, shared_json

from prefstream.domain.checks.leakage import leakage_check
from prefstream.domain.checks.policies import DEFAULT_POLICY
from prefstream.domain.curation.protection import FEWEST_WORDS, Protection, protected_set
from prefstream.schemas.pairs import PairProposed

pytestmark = pytest.mark.shared

PLANTED = 500
_TURN = re.compile(r"\n\n(?:Human|Assistant):")
_WAYS: dict[str, Callable[[str, str], str]] = {
    "verbatim": lambda text, _: text,
    "upper case": lambda text, _: text.upper(),
    "lower case": lambda text, _: text.lower(),
    "spacing": lambda text, _: "  " + re.sub(r"\s+", " \n\t ", text) + "\n",
    "punctuation": lambda text, _: "\u201c" + text.rstrip(".?!").replace(",", ";") + "\u201d!!",
    "embedded": lambda text, around: f"{around[:200]}\n\n{text}\n\n{around[200:400]}",
    "embedded and reworded": lambda text, around: f"{around[:90]} {text.upper()}... {around[90:]}",
}


@pytest.fixture(scope="module")
def protection(prompts: list[str]) -> Protection:
    return Protection(sets=(protected_set("llmbar", prompts),))


@pytest.fixture(scope="module")
def prompts() -> list[str]:
    with shared("llmbar", "items.jsonl").open() as file:
        return [json.loads(line)["input"] for line in file]


@pytest.fixture(scope="module")
def pairs() -> list[PairProposed]:
    """Build the pairs of two real sets, none of which holds an LLMBar prompt."""
    with gzip.open(shared("hh_rlhf", "harmless-base.test.jsonl.gz"), "rt") as file:
        dialogues = [
            (_TURN.split(row["chosen"]), _TURN.split(row["rejected"])) for row in map(json.loads, file)
        ]
    texts = [(one[1], one[-1], other[-1]) for one, other in dialogues]
    texts += [
        (f"{row['instruction']}\n{row['input']}", str(row["response1"]), str(row["response2"]))
        for row in shared_json("pandalm", "testset-v1.json")
    ]
    return [
        a_pair_proposed(
            pair_id=f"p{number}",
            messages=(a_message(prompt),),
            response_a=a_response(first),
            response_b=a_response(second),
        )
        for number, (prompt, first, second) in enumerate(texts)
    ]


def leaks(pair: PairProposed, protection: Protection) -> bool:
    (found,) = leakage_check(pair, protection, DEFAULT_POLICY)
    return not found.passed


def planted(pair: PairProposed, text: str, place: int) -> PairProposed:
    if place == 0:
        return pair.model_copy(update={"messages": (*pair.messages, a_message(text))})
    side = ("response_a", "response_b")[place - 1]
    return pair.model_copy(update={side: a_response(text)})


def test_no_pair_leaks_before_anything_is_planted(pairs: list[PairProposed], protection: Protection) -> None:
    assert [pair.pair_id for pair in pairs if leaks(pair, protection)] == []


@pytest.mark.parametrize("way", _WAYS)
def test_every_planted_prompt_is_found(
    way: str, pairs: list[PairProposed], prompts: list[str], protection: Protection
) -> None:
    chance = Random(way)
    whole = not way.startswith("embedded")
    usable = [one for one in prompts if whole or len(re.findall(r"\w+", one)) >= FEWEST_WORDS]
    chosen = [usable[number % len(usable)] for number in range(PLANTED)]
    hosts = chance.choices(pairs, k=PLANTED)
    missed = [
        prompt
        for number, (host, prompt) in enumerate(zip(hosts, chosen, strict=True))
        if not leaks(planted(host, _WAYS[way](prompt, host.response_a.text), number % 3), protection)
    ]
    assert missed == []
