"""What people's quality costs and finds: Dawid and Skene's model, overlap, the gold test, habits.

    python benchmarks/reliability.py [--people 200]

Rates on simulated people; accuracy on real crowds where the labelled data is there (PREFSTREAM_SHARED_DATA,
else ../shared/data beside the checkout).
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import mean, median

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.oracles.test_reliability import accuracy, few, gain, gold_of, read
from tests.unit.domain.reliability.crowds import crowd
from tests.unit.domain.reliability.test_gold_tests import decided, flagged_by_the_plain_rule
from tests.unit.domain.reliability.test_habits import working

from prefstream.domain.reliability import (
    CrowdLabel,
    Estimate,
    GoldTest,
    Ledger,
    OverlapRule,
    Prior,
    Schedule,
    Sheet,
    Work,
    certified_sure,
    estimated,
    habits_of,
    most_false_alarms,
    most_likely,
    next_step,
    of_sheet,
    operating,
    overlap_step,
)
from prefstream.schemas.values import Verdict

MILLION = 1_000_000
HONEST_LABELS = 1000
CHANGE_AT = 300


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200, help="simulated people per habit")
    chosen = parser.parse_args()
    speed()
    ledger()
    crowds()
    overlap()
    gold()
    habits(chosen.people)


def speed() -> None:
    """Print how long a million labels take."""
    print("\nA million labels in one slice, seconds")
    for classes, people, per_item in ((2, 1000, 10), (4, 2000, 5), (3, 500, 3)):
        columns, truth = simulated(classes, people, per_item)
        begun = time.perf_counter()
        sheet = Sheet.of_columns(*columns)
        read_in = time.perf_counter() - begun
        estimate = of_sheet(sheet, prior=Prior(), schedule=Schedule())
        took = time.perf_counter() - begun
        best = estimate.result.posteriors.argmax(axis=0)
        right = np.mean(
            [sheet.classes[at] == truth[name] for at, name in zip(best, sheet.items, strict=True)]
        )
        print(
            f"  {classes} classes, {people} people, {per_item} labels an item: {took:.2f} "
            f"({read_in:.2f} for the names), {estimate.result.sweeps} sweeps, accuracy {right:.3f}"
        )


def simulated(
    classes: int, people: int, per_item: int
) -> tuple[tuple[list[str], list[str], list[str]], dict[str, str]]:
    """Return columns of labels by people of 50 to 95 %, and the truth."""
    chance = np.random.default_rng(1)
    items = MILLION // per_item
    truth = chance.integers(classes, size=items)
    item = np.repeat(np.arange(items), per_item)
    annotator = chance.integers(people, size=len(item))
    right = chance.random(len(item)) < chance.uniform(0.5, 0.95, people)[annotator]
    label = np.where(right, truth[item], chance.integers(classes, size=len(item)))
    names = [f"pair-{n}" for n in range(items)]
    said = ([names[n] for n in item], [f"ann-{n}" for n in annotator], [f"c{n}" for n in label])
    return said, {name: f"c{n}" for name, n in zip(names, truth, strict=True)}


def ledger() -> None:
    """Print what a live ledger costs per label, and that it equals a replay."""
    labels, _ = crowd(1, items=4000, skills=[0.5 + n / 100 for n in range(45)], slices=("code", "math"))
    begun = time.perf_counter()
    live = Ledger()
    for label in labels:
        live = live.after([label]).settled(only_due=True)
    took = time.perf_counter() - begun
    replayed = Ledger().after(reversed(labels)).settled()
    same = live.settled().fingerprints == replayed.fingerprints
    print(
        f"\nA live ledger, {len(labels)} labels one at a time: {1e3 * took / len(labels):.2f} ms each, "
        f"settling included; equal to a replay: {same}"
    )


def crowds() -> None:
    """Print accuracies on real crowds."""
    try:
        for name in ("adult2", "barzan"):
            labels, truth = read("crowd", f"{name}.labels.csv"), gold_of("crowd", f"{name}.gold.csv")
            estimate = estimated(labels)
            sure = [item for item in truth if max(estimate.posterior(item).values()) >= 0.95]
            wrong = sum(estimate.label(item) != truth[item] for item in sure) / len(sure)
            print(
                f"\n{name}: accuracy {accuracy(estimate, truth):.4f}; at posteriors of .95 and more "
                f"({len(sure)} of {len(truth)} items) {wrong:.3f} wrong"
            )
            certified(labels, truth)
            for per_item in (1, 2, 3):
                gains = [gain(some, known, how="coin") for some, known in few(name, per_item)]
                print(
                    f"  {per_item} labels an item: {mean(gains):+.4f} against votes, worst {min(gains):+.4f}"
                )
    except pytest.skip.Exception as missing:
        print(f"\nreal crowds: {missing}")


def certified(labels: list[CrowdLabel], truth: dict[str, str]) -> None:
    """Print at which posterior half of the items lets labelling stop, and how the other half fares."""
    said: dict[str, list[tuple[str, str]]] = {}
    for one in labels:
        said.setdefault(one.item, []).append((one.annotator, one.label or ""))
    estimate, rule = estimated(labels), OverlapRule(fewest=2, most=20)
    for error in (0.25, 0.3):
        kept, wrong, asked = [], [], []
        for seed in range(20):
            known = set(Random(seed).sample(sorted(truth), len(truth) // 2))
            gold = {item: truth[item] for item in known}
            certificate = certified_sure(estimate, said, gold, rule=rule, error=error)
            if certificate.sure is None:
                continue
            kept.append(certificate.sure)
            stops = [
                (len(path), most_likely(estimate.posterior_of(path)) == truth[item])
                for item in set(truth) - known
                if (path := stopped_at(estimate, said[item], replace(rule, sure=certificate.sure)))
            ]
            wrong.append(mean(not right for _, right in stops))
            asked.append(mean(given for given, _ in stops))
        over = sum(share > error for share in wrong)
        told = (
            f"posterior {median(kept)}, {mean(asked):.1f} labels, {mean(wrong):.3f} wrong" if kept else "none"
        )
        print(f"  certified for {error} wrong at most: {len(kept)} of 20 halves; {told}; above: {over}")


def stopped_at(
    estimate: Estimate, said: list[tuple[str, str]], rule: OverlapRule
) -> list[tuple[str, str]] | None:
    """Return the ballots up to where the rule stops as sure; `None` if it never does."""
    for n in range(1, len(said) + 1):
        given = len({who for who, _ in said[:n]})
        if overlap_step(estimate.posterior_of(said[:n]), given=given, rule=rule).why == "sure":
            return said[:n]
    return None


def overlap() -> None:
    """Print what stopping at a sure posterior saves, and how often it is wrong."""
    skills = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
    labels, _ = crowd(1, items=600, skills=skills, per_item=4)
    estimate = estimated(labels)
    print("\nOverlap, people of 60 to 95 %, three classes, 4,000 items")
    for fewest, most, sure in ((3, 3, 0.95), (5, 5, 0.95), (2, 6, 0.9), (2, 6, 0.95), (2, 8, 0.98)):
        rule = OverlapRule(fewest=fewest, most=most, sure=sure)
        asked, stopped, wrong_sure, wrong = labelled(estimate, skills, rule)
        print(
            f"  {fewest} to {most}, sure at {sure}: {asked:.2f} labels an item, {wrong:.3f} wrong; "
            f"sure of {stopped:.2f}, of these {wrong_sure:.3f} wrong (stated: {1 - sure:.2f} at most)"
        )


def labelled(
    estimate: Estimate, skills: tuple[float, ...], rule: OverlapRule, items: int = 4000
) -> tuple[float, float, float, float]:
    """Return labels an item, share of sure items, and the shares wrong of those and of all."""
    chance, asked = Random(3), 0
    sure: list[bool] = []
    all_wrong: list[bool] = []
    for _ in range(items):
        true = chance.choice("A=B")
        people, said = chance.sample(range(len(skills)), len(skills)), list[tuple[str, str]]()
        step = next_step(estimate, said, rule=rule)
        while step.ask:
            who = people.pop()
            right = chance.random() < skills[who]
            said.append((f"ann{who}", true if right else chance.choice("A=B".replace(true, ""))))
            step = next_step(estimate, said, rule=rule)
        posterior = estimate.posterior_of(said)
        asked += len(said)
        all_wrong.append(max(posterior, key=posterior.__getitem__) != true)
        if step.why == "sure":
            sure.append(all_wrong[-1])
    return asked / items, len(sure) / items, mean(sure), mean(all_wrong)


def gold() -> None:
    """Print the operating characteristic of the gold test, exact and simulated."""
    test = GoldTest()
    print("\nGold test, exact: right, fails, passes, mean questions, failed within 5, 10, 20")
    for percent in (95, 90, 85, 80, 75, 70, 65, 60, 55, 50, 40, 33):
        one = operating(test, percent / 100)
        within = " ".join(f"{one.failed_by[n - 1]:.2f}" for n in (5, 10, 20))
        print(f"  {percent} %  {one.failed:.3f}  {one.passed:.3f}  {one.questions:5.1f}   {within}")
    for percent in (85, 50):
        records = decided(percent / 100)
        failed = mean(record.standing == "failed" for record in records)
        print(f"  10,000 simulated people of {percent} %: {failed:.4f} fail, {1 - failed:.4f} pass")
    looser = GoldTest(false_alarm=0.1)
    print("  within 20 questions: honest (85 %) failed, coin-flippers failed")
    plain = (flagged_by_the_plain_rule(0.85, 20), flagged_by_the_plain_rule(0.5, 20))
    print(f"    below 60 % after 5:      {plain[0]:.3f}  {plain[1]:.3f}")
    for name, which in (("as by default", test), ("false alarm .1", looser)):
        caught = [operating(which, share).failed_by[19] for share in (0.85, 0.5)]
        print(f"    sequential, {name}: {caught[0]:.3f}  {caught[1]:.3f}")


def habits(people: int) -> None:
    """Print false alarms of honest people and delays for those who change."""
    begun = time.perf_counter()
    found = [habits_of(working(seed, HONEST_LABELS)).findings for seed in range(people)]
    took = (time.perf_counter() - begun) / (people * HONEST_LABELS)
    suspected = sum(bool(one) for one in found) / people
    print(
        f"\nHabits: {people} honest people, {HONEST_LABELS} labels each: {suspected:.3f} have any finding "
        f"(stated: {most_false_alarms(HONEST_LABELS):.2f} at most); {1e6 * took:.0f} us a label"
    )
    changes: dict[str, Callable[[Work, Random], Work]] = {
        "speed_up": lambda work, _: replace(work, seconds=(work.seconds or 0) * 0.3),
        "hasty": lambda work, _: replace(work, seconds=5.0),
        "slow_down": lambda work, _: replace(work, seconds=(work.seconds or 0) * 4),
        "left": lambda work, _: on_the_left(work, 1.0, 0.0),
        "left three times in four": lambda work, chance: on_the_left(work, 0.75, chance.random()),
        "follows_wrong": misled,
    }
    for name, change in changes.items():
        kind, delays = name.split()[0], []
        for seed in range(50):
            works = [
                change(work, Random(1000 * seed + n)) if n >= CHANGE_AT else work
                for n, work in enumerate(working(seed, 900))
            ]
            alarms = [int(one.raised_by[1:]) for one in habits_of(works).findings if one.kind == kind]
            delays += [at - CHANGE_AT for at in alarms[:1] if at >= CHANGE_AT]
        middle = f"{median(delays):.0f}" if delays else "-"
        print(f"  {name}: found in {len(delays)} of 50 within 600 labels, median after {middle}")


def on_the_left(work: Work, share: float, drawn: float) -> Work:
    """Return the label on the left if the draw says so, else on the right."""
    left_is_a, left = work.sides == "ab", drawn < share
    return replace(work, verdict=Verdict.A_BETTER if left_is_a == left else Verdict.B_BETTER, shown=None)


def misled(work: Work, chance: Random) -> Work:
    """Return the label of one who takes what is shown, which is known to be wrong one time in ten."""
    if work.shown is None:
        return work
    return replace(work, verdict=work.shown, shown_wrong=chance.random() < 0.1)


if __name__ == "__main__":
    main()
