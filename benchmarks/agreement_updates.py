"""What one label costs the rolling agreement of its slice, and how that and the memory grow.

    .venv/bin/python benchmarks/agreement_updates.py [--events 10000000] [--coverage]

A slice gets 60 labels a minute from five people, three to a pair, one in twenty late by up to a day and one
in fifty corrected. Every label is timed by itself: the change it makes and its entry into the windows of 1 h,
24 h, 7 d and all there is; "CPU us" is the mean of processor time since the line before, the clock's own cost
included. At each power of ten the figures of all windows are read, the counts kept are
printed, and scikit-learn computes the kappa of two people anew from their labels, of all there is only.

`--coverage` prints instead how often the 95 % limits of alpha and AC1 hold the true value.
"""

import argparse
import gc
import resource
from array import array
from collections import Counter
from collections.abc import Iterator
from random import Random
from time import perf_counter, perf_counter_ns, thread_time_ns
from typing import TypeAlias

from prefstream.domain.agreement import (
    Compositions,
    Rolling,
    UnitLabel,
    alpha_nominal,
    change,
    cohen_kappa,
    figures,
    gwet_ac1,
    kappas,
    nominal,
)

PEOPLE = ("ann", "bob", "cem", "dee", "eve")
VERDICTS = ("A>>", "A>", "=", "B>", "B>>", "both_bad")
CODES = {"A": 0, "=": 1, "B": 2, "both_bad": 3}
LENGTHS = (60, 24 * 60, 7 * 24 * 60)
LABELS_A_MINUTE, LABELS_A_UNIT = 60, 3
FIRST_MINUTE = 29_000_000
CHUNK = 3000
#: One time in so many is kept: all of them would weigh more than what is measured.
KEPT = 25
#: What the two people say of the pairs that both label.
Codes: TypeAlias = "tuple[array[int], array[int]]"
Step = tuple[list[UnitLabel], list[UnitLabel]]


def main() -> None:
    """Print the curve, or the coverage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="labels in all")
    parser.add_argument("--coverage", action="store_true", help="check the limits by simulation")
    chosen = parser.parse_args()
    if chosen.coverage:
        coverage()
    else:
        curve(chosen.events)


def curve(events: int) -> None:
    """Print time and memory at every power of ten."""
    print(
        f"{'events':>10} {'minutes':>8} {'CPU us':>8} {'p50 us':>7} {'p99 us':>7} {'counts':>9}"
        f" {'RSS MB':>7} {'read ms':>8} {'kappa ms':>9} {'sklearn ms':>10}"
    )
    chance, rolling = Random(1), Rolling(LENGTHS, until_minute=FIRST_MINUTE)
    said = array("b"), array("b")
    done, told, mark, times, cpu_ns = 0, 0, 10_000, array("q"), 0
    while done < events:
        steps = list(chunk(chance, done, said))
        cpu_began = thread_time_ns()
        for place, step in enumerate(steps):
            began = perf_counter_ns()
            rolling.add(change(*step))
            took = perf_counter_ns() - began
            if place % KEPT == 0:
                times.append(took)
        cpu_ns += thread_time_ns() - cpu_began
        done += len(steps)
        rolling.roll(until_minute=minute_of(done))
        if done >= mark:
            report(done, rolling, times, cpu_ns / 1e3 / (done - told), said)
            mark, told, times, cpu_ns = mark * 10, done, array("q"), 0


def minute_of(done: int) -> int:
    """Return the minute in which so many labels have come."""
    return FIRST_MINUTE + done // LABELS_A_MINUTE


def chunk(chance: Random, done: int, said: Codes) -> Iterator[Step]:
    """Return the labels of a unit before and after each arrival, and note what the first two people say."""
    for first in range(done, done + CHUNK, LABELS_A_UNIT):
        standing: list[UnitLabel] = []
        truth = chance.choice(VERDICTS)
        people = chance.sample(PEOPLE, LABELS_A_UNIT)
        for place, name in enumerate(people):
            minute = minute_of(first) - (chance.randrange(24 * 60) if chance.random() < 0.05 else 0)
            verdict = truth if chance.random() < 0.7 else chance.choice(VERDICTS)
            label = UnitLabel(
                annotator=name,
                category=verdict,
                minute=minute,
                order=(minute * 60_000_000 + place, f"{first}"),
            )
            after = [*standing, label]
            yield standing, after
            standing = after
        if chance.random() < 0.02:
            last = standing[-1]
            again = UnitLabel(
                annotator=last.annotator,
                category="=",
                minute=last.minute + 1,
                order=(last.order[0] + 99, "x"),
            )
            yield standing, [*standing, again]
            standing = [*standing[:-1], again]
        both = {label.annotator: nominal(label.category) for label in standing}
        if {"ann", "bob"} <= set(both):
            for name, codes in zip(("ann", "bob"), said, strict=True):
                codes.append(CODES[str(both[name])])


def report(done: int, rolling: Rolling, times: "array[int]", cpu_us: float, said: Codes) -> None:
    """Print one line, having checked that the kappas are the same."""
    from sklearn.metrics import cohen_kappa_score

    gc.collect()
    ordered = sorted(times)
    began = perf_counter()
    windows = [rolling.window(length) for length in (*LENGTHS, None)]
    read = [(figures(window), kappas(window)) for window in windows]
    read_ms = (perf_counter() - began) * 1e3
    began = perf_counter()
    ours = cohen_kappa(windows[-1].pairs["ann", "bob"].mapped(nominal)).value
    kappa_ms = (perf_counter() - began) * 1e3
    began = perf_counter()
    theirs = float(cohen_kappa_score(*said))
    theirs_ms = (perf_counter() - began) * 1e3
    assert ours is not None
    assert abs(ours - theirs) < 1e-12
    assert read[-1][1]["ann", "bob"].value == ours
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{done:>10,} {done // LABELS_A_MINUTE:>8,} {cpu_us:>8.1f}"
        f" {ordered[len(ordered) // 2] / 1e3:>7.1f} {ordered[len(ordered) * 99 // 100] / 1e3:>7.1f}"
        f" {rolling.n_counts:>9,} {rss_mb:>7.0f} {read_ms:>8.1f} {kappa_ms:>9.3f} {theirs_ms:>10.1f}",
        flush=True,
    )


def coverage(repeats: int = 2000, raters: int = 3) -> None:
    """Print how often the limits hold what a very large sample of the same units shows."""
    print(f"{'units':>6} {'agreement':>9} {'alpha':>6} {'AC1':>6}   (of {repeats} samples, {raters} raters)")
    for right in (0.95, 0.85, 0.7):
        chance = Random(7)
        truth = Compositions.of(unit(chance, right, raters) for _ in range(400_000))
        true_alpha, true_ac1 = alpha_nominal(truth).value, gwet_ac1(truth).value
        for units in (20, 50, 200):
            held = Counter[str]()
            for _ in range(repeats):
                sample = Compositions.of(unit(chance, right, raters) for _ in range(units))
                for name, figure, true in (
                    ("alpha", alpha_nominal(sample), true_alpha),
                    ("ac1", gwet_ac1(sample), true_ac1),
                ):
                    bounded = figure.low is not None and figure.high is not None and true is not None
                    held[f"{name} bounded"] += bounded
                    if figure.low is not None and figure.high is not None and true is not None:
                        held[name] += figure.low <= true <= figure.high
            shares = [held[name] / max(1, held[f"{name} bounded"]) for name in ("alpha", "ac1")]
            print(f"{units:>6} {right:>9.2f} {shares[0]:>6.3f} {shares[1]:>6.3f}", flush=True)


def unit(chance: Random, right: float, raters: int) -> Counter[str]:
    """Return what raters say of one pair, each right so often."""
    truth = chance.choice("AAB=")
    return Counter(truth if chance.random() < right else chance.choice("AB=") for _ in range(raters))


if __name__ == "__main__":
    main()
