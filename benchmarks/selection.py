"""Whether the queue's order brings mistaken labels to people earlier than chance would.

    .venv/bin/python benchmarks/selection.py [--repeats 40] [--json]

Reads the labelled data (PREFSTREAM_SHARED_DATA, else ../shared/data beside the checkout). In every
repeat the pairs are shuffled; people have labelled the first part, from which a selection is learned,
and the rest is put in the queue's order. Found is the share of all the mistakes of the rest among its
first fifth and half; by chance that is a fifth and a half, and lift is found divided by that. A mistake
is a judge's label on another side than people's. `ceiling` is the lift of an order that knows the
mistakes. hh_rlhf has no judge: there the question is which pairs the model takes the wrong way.
"""

import argparse
import gzip
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from prefstream.domain.escalation import Doubtful, priority_of
from prefstream.domain.pooling import pooled
from prefstream.domain.selection import Lesson, learn, preference, sketch_of
from prefstream.schemas.selection import PairSketch, Selection
from prefstream.schemas.values import Preference, Provenance, Stakes, Verdict, Vote

DATA = Path(os.environ.get("PREFSTREAM_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
SIDES = {1: Preference.A_BETTER, 2: Preference.B_BETTER, 0: Preference.TIE}
VERDICTS = {1: Verdict.A_BETTER, 2: Verdict.B_BETTER, 0: Verdict.TIE}
DEPTHS = (0.2, 0.5)
STRATEGIES = ("Vanilla", "CoT", "Metrics", "Reference", "Metrics_Reference", "Vanilla_NoRules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A pair with what the judge said and what people said."""

    pair_id: str
    slice: str
    sketch: PairSketch
    p_a: float | None
    judge_label: Preference | None
    label: Preference

    @property
    def mistaken(self) -> bool:
        """Whether judge and people are on different sides."""
        return self.judge_label is None or self.judge_label.margin != self.label.margin


def main() -> None:
    """Print the lifts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--labelled", type=float, default=0.3, help="share that people labelled before")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"{DATA} is not there; set PREFSTREAM_SHARED_DATA")
    sets = {"pandalm, gpt-3.5": pandalm(), "hh_rlhf, no judge": hh_rlhf()}
    sets |= {f"llmbar, {judge}": llmbar(judge) for judge in ("GPT-4", "ChatGPT", "PaLM2")}
    report = {}
    for name, pairs in sets.items():
        if not pairs:
            continue
        report[name] = measured(pairs, repeats=chosen.repeats, labelled=chosen.labelled)
        if not chosen.json:
            tell(name, pairs, report[name])
    if chosen.json:
        print(json.dumps(report, indent=2))
    else:
        speed()


def measured(pairs: Sequence[Known], *, repeats: int, labelled: float) -> dict[str, dict[str, list[float]]]:
    """Return the lifts of each order at each depth, one number per repeat."""
    lifts: dict[str, dict[str, list[float]]] = {}
    for repeat in range(repeats):
        shuffled = random.Random(repeat).sample(pairs, len(pairs))
        cut = int(labelled * len(pairs))
        selection = learn(map(lesson, shuffled[:cut]))
        rest = shuffled[cut:]
        for name, key in orders(selection, repeat).items():
            ordered = sorted(rest, key=lambda one: (-key(one), one.pair_id))
            for depth in DEPTHS:
                lifts.setdefault(name, {}).setdefault(f"{depth}", []).append(lift(ordered, depth))
    return lifts


def orders(selection: Selection, repeat: int) -> dict[str, Callable[[Known], float]]:
    """Return what each order sorts by, the highest first."""
    chance = random.Random(1000 + repeat)

    def queue(one: Known, learned: Selection | None) -> int:
        pair = Doubtful(stakes=Stakes.LOW, p_a=one.p_a, label=one.judge_label, sketch=one.sketch, audit=False)
        return priority_of(pair, selection=learned).value

    def uncertainty(one: Known) -> int:
        pair = Doubtful(stakes=Stakes.LOW, p_a=one.p_a, label=one.judge_label, sketch=one.sketch, audit=False)
        return priority_of(pair, selection=selection).uncertainty

    return {
        "chance": lambda _: chance.random(),
        "judge's doubt": lambda one: queue(one, None),
        "model's doubt": uncertainty,
        "queue": lambda one: queue(one, selection),
        "model as judge": lambda one: -abs(preference(selection, one.sketch, None) - 0.5),
        "ceiling": lambda one: one.mistaken,
    }


def lift(ordered: Sequence[Known], depth: float) -> float:
    """Return how many times more mistakes are found in the first part than by chance."""
    total = sum(one.mistaken for one in ordered)
    first = int(depth * len(ordered))
    return sum(one.mistaken for one in ordered[:first]) / total / (first / len(ordered))


def lesson(one: Known) -> Lesson:
    """Return what is learned from a pair."""
    return Lesson(
        slice=one.slice, sketch=one.sketch, p_a=one.p_a, judge_label=one.judge_label, label=one.label
    )


def tell(name: str, pairs: Sequence[Known], lifts: dict[str, dict[str, list[float]]]) -> None:
    """Print one data set's lifts with their spread over the repeats."""
    mistakes = sum(one.mistaken for one in pairs)
    print(f"{name}: {len(pairs)} pairs, {mistakes} mistakes")
    for order, by_depth in lifts.items():
        told = "   ".join(
            f"first {float(depth):.0%}: lift {mean(some):.2f} (sd {stdev(some):.2f})"
            for depth, some in by_depth.items()
        )
        print(f"  {order:15} {told}")


def pandalm() -> list[Known]:
    """Return PandaLM's pairs on which a majority of three people stands, gpt-3.5 as the judge."""
    folder = DATA / "pandalm"
    said = {row["idx"]: row["gpt_result"] for row in read(folder / "gpt-3.5-turbo-testset-v1.json")}
    pairs = []
    for row in read(folder / "testset-v1.json"):
        votes = Counter(str(row[f"annotator{number}"]) for number in (1, 2, 3)).most_common(1)[0]
        texts = (row["response1"], row["response2"])
        if votes[1] < 2 or not all(isinstance(text, str) for text in texts):
            continue
        verdict = str(said.get(row["idx"]))
        raw = [int(verdict)] if verdict in ("0", "1", "2") else [None]
        prompt = f"{row['instruction']}\n{row['input']}"
        pairs.append(known(str(row["idx"]), row["motivation_app"], prompt, texts, raw, int(votes[0])))
    return pairs


def llmbar(judge: str) -> list[Known]:
    """Return LLMBar's pairs with the pooled votes of a judge."""
    folder = DATA / "llmbar"
    votes: dict[str, list[int | None]] = {}
    with gzip.open(folder / "judgements.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            if row["judge"] == judge and row["strategy"] in STRATEGIES:
                raw = [row.get("winner"), row.get("winner_swapped")]
                votes.setdefault(row["item_id"], []).extend(
                    int(one) if str(one) in ("1", "2") else None for one in raw
                )
    with (folder / "items.jsonl").open() as lines:
        return [
            known(
                row["item_id"],
                row["slice"],
                row["input"],
                (row["output_1"], row["output_2"]),
                votes[row["item_id"]],
                int(row["label"]),
            )
            for row in map(json.loads, lines)
            if row["item_id"] in votes
        ]


def hh_rlhf() -> list[Known]:
    """Return the harmless pairs, A the chosen one or not by the line's parity; nobody judged them."""
    pairs = []
    with gzip.open(DATA / "hh_rlhf" / "harmless-base.test.jsonl.gz", "rt") as lines:
        for number, row in enumerate(map(json.loads, lines)):
            (prompt, chosen), (_, rejected) = (parted(row[side]) for side in ("chosen", "rejected"))
            texts = (chosen, rejected) if number % 2 == 0 else (rejected, chosen)
            one = known(f"{number:05}", "harmless", prompt, texts, [], 1 if number % 2 == 0 else 2)
            pairs.append(one)
    return guessed(pairs)


def guessed(pairs: Sequence[Known]) -> list[Known]:
    """Return the pairs with a first model's guess in place of a judge, learned from another half."""
    half = len(pairs) // 2
    selection = learn(map(lesson, pairs[:half]))
    return [
        Known(
            pair_id=one.pair_id,
            slice=one.slice,
            sketch=one.sketch,
            p_a=None,
            judge_label=SIDES[1 if preference(selection, one.sketch, None) >= 0.5 else 2],
            label=one.label,
        )
        for one in pairs[half:]
    ]


def known(
    pair_id: str,
    slice_name: str,
    prompt: str,
    texts: Sequence[str],
    raw: Sequence[int | None],
    label: int,
) -> Known:
    """Return a pair with its pooled votes."""
    votes = [
        Vote(
            judge="recorded",
            provenance=Provenance.RECORDED,
            order="ab",
            variant="plain",
            raw=None,
            verdict=None if one is None else VERDICTS[one],
        )
        for one in raw
    ]
    pool = pooled(votes)
    return Known(
        pair_id=pair_id,
        slice=slice_name,
        sketch=sketch_of(prompt, *texts),
        p_a=pool.p_a,
        judge_label=pool.label,
        label=SIDES[label],
    )


def parted(dialogue: str) -> tuple[str, str]:
    """Return the last thing the person said, and the last answer."""
    before, _, answer = dialogue.rpartition("\n\nAssistant:")
    return before.rpartition("\n\nHuman:")[2].strip(), answer.strip()


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSON file."""
    yield from json.loads(path.read_text("utf-8"))


def speed() -> None:
    """Print what a sketch and a priority take."""
    prompt, answer = "Name three rivers of France and say where they rise. " * 5, "The Loire rises in . " * 60
    began = time.perf_counter()
    for number in range(2000):
        sketch = sketch_of(prompt, answer, f"{answer} {number}")
    print(f"a sketch of two responses of {len(answer)} characters: {since(began, 2000):.0f} us")
    selection = learn([])
    pair = Doubtful(stakes=Stakes.LOW, p_a=0.75, label=Preference.A_BETTER, sketch=sketch, audit=False)
    began = time.perf_counter()
    for _ in range(20_000):
        priority_of(pair, selection=selection)
    print(f"a priority: {since(began, 20_000):.1f} us")


def since(began: float, n: int) -> float:
    """Return microseconds a round."""
    return (time.perf_counter() - began) / n * 1e6


if __name__ == "__main__":
    main()
