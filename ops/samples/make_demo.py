"""Make the demonstration's sample: `python ops/samples/make_demo.py` writes three files into the package.

Everything follows from one seed. What is better is known because it was made so and checked: results
are worked out, functions are run, forms are counted. The truth goes into a file of its own, so that
bringing the pairs in cannot bring it along.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from arithmetic_cases import arithmetic_cases
from case import Case
from code_cases import code_cases
from format_cases import format_cases
from language_cases import language_cases
from prompt_cases import Ask, asks
from refusal_cases import refusal_cases

from prefstream.adapters.constitutions import shipped_constitution
from prefstream.adapters.models.offline import OfflineModel
from prefstream.agents.curation import Curation
from prefstream.agents.generation import Generation
from prefstream.agents.generators.offline import OfflineGenerator
from prefstream.agents.stage import Configuration, Given
from prefstream.domain.curation import curate
from prefstream.schemas.ids import derived_id
from prefstream.schemas.prompts import PromptCurated, PromptSetAside, PromptSubmitted
from prefstream.schemas.values import Message, Preference, Provenance

SEED = 20260301
FOLDER = Path(__file__).parents[2] / "streams/prefstream/adapters/samples"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
GRADES = {"much": Preference.A_MUCH_BETTER, "slightly": Preference.A_BETTER, "equal": Preference.TIE}
Row = Mapping[str, Any]


def main() -> None:
    for name, rows in sample().items():
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (FOLDER / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def sample() -> Mapping[str, list[Row]]:
    """Return the rows of every file by its name."""
    random = Random(SEED)
    kinds = (arithmetic_cases, code_cases, format_cases, refusal_cases, language_cases)
    cases = _distinct(case for kind in kinds for case in kind(random))
    random.shuffle(cases)
    pairs, truths = _pairs(random, cases)
    prompts = asks(random)
    random.shuffle(prompts)
    return {
        "demo_pairs.jsonl": pairs,
        "demo_prompts.jsonl": [_prompt_row(ask) for ask in prompts],
        "demo_truth.jsonl": [*truths, *_generated_truths(prompts)],
    }


def _distinct(cases: Iterable[Case]) -> list[Case]:
    """Return the cases without those that say what an earlier one says: a validator would reject them."""
    seen: dict[tuple[str, ...], Case] = {}
    for case in cases:
        seen.setdefault((case.prompt, *sorted((case.better, case.worse))), case)
    return list(seen.values())


def _pairs(random: Random, cases: Iterable[Case]) -> tuple[list[Row], list[Row]]:
    pairs, truths = [], []
    numbers: dict[str, int] = defaultdict(int)
    for case in cases:
        numbers[case.slice] += 1
        pair_id = f"demo-{case.slice}-{numbers[case.slice]:03d}"
        truth, texts = GRADES[case.grade], [case.better, case.worse]
        if random.random() < 0.5:
            truth, texts = truth.swapped, texts[::-1]
        models = random.sample(("sample:alder", "sample:birch"), 2)
        pairs.append(_pair_row(pair_id, case, texts, models))
        truths.append({"pair_id": pair_id, "slice": case.slice, "truth": truth.value})
    return pairs, truths


def _pair_row(pair_id: str, case: Case, texts: list[str], models: list[str]) -> Row:
    message = Message(role="user", content=case.prompt)
    placed = curate((message,), declared=None, tags=case.tags, constitution=shipped_constitution())
    assert (placed.slice, placed.set_aside) == (case.slice, None), (case.prompt, placed)
    answers = [
        {"text": text, "model": model, "provenance": "offline"}
        for text, model in zip(texts, models, strict=True)
    ]
    return {
        "pair_id": pair_id,
        "prompt_id": _prompt_id(case.prompt),
        "messages": [{"role": "user", "content": case.prompt}],
        "response_a": answers[0],
        "response_b": answers[1],
        "strategy": "ready_made",
        "group_id": _prompt_id(case.prompt),
        "slice": placed.slice,
        "stakes": placed.stakes.value,
        "tags": list(placed.tags),
        "provenance": "offline",
    }


def _prompt_id(prompt: str) -> str:
    return f"demo-{derived_id('demo', prompt)[:8]}"


def _prompt_row(ask: Ask) -> Row:
    return {
        "prompt_id": _prompt_id(ask.prompt),
        "messages": [{"role": "user", "content": ask.prompt}],
        "tags": list(ask.tags),
        "provenance": "offline",
    }


def _generated_truths(prompts: Iterable[Ask]) -> list[Row]:
    """Return the truth about the pairs that the offline writers will make of the prompts."""
    configuration = Configuration(constitution=shipped_constitution())
    generation = Generation(generators=(OfflineGenerator(style="careful"), OfflineGenerator(style="hasty")))
    truths = []
    for ask in prompts:
        submitted, empty = _submitted(ask), Given(configuration=configuration)
        unknown = dict.fromkeys(Curation().needs(submitted, empty).keys)
        curated = Curation().handle(submitted, Given(configuration=configuration, states=unknown)).events[0]
        if ask.slice is None:
            assert isinstance(curated, PromptSetAside), (ask.prompt, curated)
            continue
        assert isinstance(curated, PromptCurated), (ask.prompt, curated)
        assert curated.slice == ask.slice, (ask.prompt, curated.slice)
        calls = generation.needs(curated, Given(configuration=configuration)).calls
        answers = {call.request_id: asyncio.run(OfflineModel().answer(call)) for call in calls}
        (pair,) = generation.handle(curated, Given(configuration=configuration, answers=answers)).events
        truth = _truth(ask, pair.response_a.text, pair.response_b.text)
        truths.append({"pair_id": pair.pair_id, "slice": ask.slice, "truth": truth.value})
    return truths


def _truth(ask: Ask, text_a: str, text_b: str) -> Preference:
    good_a, good_b = ask.good(text_a), ask.good(text_b)
    assert good_a or good_b, (ask.prompt, text_a, text_b)
    if good_a == good_b:
        return Preference.TIE
    return Preference.A_MUCH_BETTER if good_a else Preference.B_MUCH_BETTER


def _submitted(ask: Ask) -> PromptSubmitted:
    prompt_id = _prompt_id(ask.prompt)
    return PromptSubmitted(
        event_id=derived_id("demo", prompt_id),
        occurred_at=EPOCH,
        source="prefstream/demo",
        subject=prompt_id,
        correlation_id=prompt_id,
        prompt_id=prompt_id,
        messages=(Message(role="user", content=ask.prompt),),
        tags=ask.tags,
        provenance=Provenance.OFFLINE,
    )


if __name__ == "__main__":
    main()
