"""What one label costs the rolling agreement of its slice, and how that and the memory grow.

    .venv/bin/python benchmarks/agreement_updates.py [--events 10000000] [--rivals 1000000] [--coverage]

A slice gets 60 labels a minute from five people, three to a pair, one in twenty late by up to a day and one
in fifty corrected. Each contender runs in a process of its own and gets the same labels one by one:

- ours: every figure in the windows of 1 h, 24 h, 7 d and all there is;
- river: `CohenKappa` of every two people in the same four windows, by `TimeRolling`, and no other figure;
- scikit-learn: keeps the labels of two people, all there are, and computes their kappa anew when asked.

The others cannot take a label back, so beside them no label is corrected. Their kappas must be ours.

"CPU us" is the mean of processor time for a label since the line before, the clock's own cost included; p50
and p99 are of single labels. "grown MB" is what the process weighs more than before the first label. "ask ms"
is the quickest of five readings of the kappa of two people of all there is, "all ms" of all our figures in
all windows.

`--coverage` prints instead how often the 95 % limits of alpha and AC1 hold the true value.
"""

import argparse
import gc
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from time import perf_counter, perf_counter_ns, thread_time_ns
from typing import Any, Final, Protocol

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
TWO = ("ann", "bob")
VERDICTS = ("A>>", "A>", "=", "B>", "B>>", "both_bad")
LENGTHS = (60, 24 * 60, 7 * 24 * 60)
LABELS_A_MINUTE, LABELS_A_UNIT = 60, 3
FIRST_MINUTE = 29_000_000
CHUNK = 3000
#: One time in so many is kept: all of them would weigh more than what is measured.
KEPT = 25
#: How often a figure is asked for.
TRIES = 5
#: How many labels are corrected.
CORRECTED = 0.02
#: The labels of a unit before and after one has come.
Step = tuple[list[UnitLabel], list[UnitLabel]]


class Contender(Protocol):
    """What takes labels and says the kappa of two people."""

    def take(self, before: Sequence[UnitLabel], after: Sequence[UnitLabel]) -> None:
        """Count one more label of a unit."""

    def roll(self, minute: int) -> None:
        """Let time go on."""

    def kappa(self) -> float | None:
        """Return the kappa of the two people, of all there is."""


class Ours:
    """Every figure in four windows."""

    def __init__(self) -> None:
        self.rolling = Rolling(LENGTHS, until_minute=FIRST_MINUTE)

    def take(self, before: Sequence[UnitLabel], after: Sequence[UnitLabel]) -> None:
        """Add the difference to the minute and its ring."""
        self.rolling.add(change(before, after))

    def roll(self, minute: int) -> None:
        """Move minutes from ring to ring."""
        self.rolling.roll(until_minute=minute)

    def kappa(self) -> float | None:
        """Read the window, then its kappa."""
        return cohen_kappa(self.rolling.window(None).pairs[TWO].mapped(nominal)).value

    def everything(self) -> None:
        """Read all figures of all windows."""
        for length in (*LENGTHS, None):
            read = self.rolling.window(length)
            figures(read), kappas(read)


class River:
    """The kappa of every two people in four windows, of river."""

    def __init__(self) -> None:
        from river.metrics import CohenKappa
        from river.utils import TimeRolling

        self.windows = {
            names: [TimeRolling(CohenKappa, period=timedelta(minutes=length)) for length in LENGTHS]
            for names in combinations(PEOPLE, 2)
        }
        self.all = {names: CohenKappa() for names in combinations(PEOPLE, 2)}  # type: ignore[no-untyped-call]

    def take(self, before: Sequence[UnitLabel], after: Sequence[UnitLabel]) -> None:
        """Count the pairs of the new label with those that stand."""
        new = after[-1]
        for other in before:
            one, two = (new, other) if new.annotator < other.annotator else (other, new)
            names, said = (one.annotator, two.annotator), (nominal(one.category), nominal(two.category))
            moment = datetime.fromtimestamp(60 * max(one.minute, two.minute), UTC).replace(tzinfo=None)
            for window in self.windows[names]:
                window.update(*said, t=moment)
            self.all[names].update(*said)

    def roll(self, minute: int) -> None:
        """Time goes on with the labels alone."""

    def kappa(self) -> float | None:
        """Read the confusion matrix."""
        return float(self.all[TWO].get())  # type: ignore[no-untyped-call]


class ScikitLearn:
    """The labels of two people, as codes."""

    def __init__(self) -> None:
        from sklearn.metrics import cohen_kappa_score

        self.score: Callable[..., Any] = cohen_kappa_score
        self.said = array("b"), array("b")
        self.codes = {"A": 0, "=": 1, "B": 2, "both_bad": 3}

    def take(self, before: Sequence[UnitLabel], after: Sequence[UnitLabel]) -> None:
        """Keep what the two people say."""
        new = after[-1]
        for other in before:
            if {new.annotator, other.annotator} == {*TWO}:
                for label in (new, other):
                    code = self.codes[str(nominal(label.category))]
                    self.said[TWO.index(label.annotator)].append(code)

    def roll(self, minute: int) -> None:
        """Nothing leaves."""

    def kappa(self) -> float | None:
        """Count everything anew."""
        return float(self.score(*self.said))


CONTENDERS: Final[dict[str, Callable[[], Contender]]] = {
    "ours": Ours,
    "river": River,
    "scikit-learn": ScikitLearn,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was measured when so many labels had come."""

    name: str
    events: int
    cpu_us: float
    p50_us: float
    p99_us: float
    grown_mb: float
    ask_ms: float
    all_ms: float | None
    counts: int | None
    kappa: float | None

    def __str__(self) -> str:
        said = (
            f"{self.name:>12} {self.events:>10,} {self.cpu_us:>8.1f} {self.p50_us:>8.1f} {self.p99_us:>8.1f}"
        )
        said += f" {self.grown_mb:>9.1f} {self.ask_ms:>8.2f}"
        return said if self.all_ms is None else f"{said} {self.all_ms:>8.1f} {self.counts:>9,}"


def main() -> None:
    """Print the curve, or the coverage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="labels in all, some corrected")
    parser.add_argument("--rivals", type=int, default=100_000, help="labels for each contender; 0 for none")
    parser.add_argument("--coverage", action="store_true", help="check the limits by simulation")
    chosen = parser.parse_args()
    if chosen.coverage:
        coverage()
        return
    print(
        f"{'':>12} {'labels':>10} {'CPU us':>8} {'p50 us':>8} {'p99 us':>8} {'grown MB':>9} {'ask ms':>8}"
        f" {'all ms':>8} {'counts':>9}"
    )
    for _ in lines("ours", chosen.events, CORRECTED):
        pass
    if chosen.rivals:
        print(f"\nthe same {chosen.rivals:,} labels, none corrected")
        compare({name: [*lines(name, chosen.rivals, 0.0)] for name in CONTENDERS})


def compare(found: dict[str, list[Line]]) -> None:
    """Print how many times as much the others need, having checked that they say the same."""
    print()
    for name in ("river", "scikit-learn"):
        for ours, theirs in zip(found["ours"], found[name], strict=True):
            assert ours.kappa is not None
            assert theirs.kappa is not None
            assert abs(ours.kappa - theirs.kappa) < 1e-12
            ratios = (
                theirs.cpu_us / ours.cpu_us,
                theirs.grown_mb / max(ours.grown_mb, 0.1),
                theirs.ask_ms / ours.ask_ms,
            )
            print(
                f"{ours.events:>10,} labels: {name} needs {ratios[0]:.2f} times the time for a label,"
                f" {ratios[1]:.2f} times the memory, {ratios[2]:.2f} times the time to read one kappa"
            )


def lines(name: str, events: int, corrected: float) -> Iterator[Line]:
    """Run a contender in a process of its own; print and yield what it says."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=tell, args=(name, events, corrected, there))
    process.start()
    there.close()
    try:
        while (line := here.recv()) is not None:
            print(line, flush=True)
            yield line
    finally:
        process.join(timeout=10)
        process.kill()


def tell(name: str, events: int, corrected: float, answer: "Connection[Any, Any]") -> None:
    """Send a line at every power of ten, and nothing more at the end."""
    contender, chance = CONTENDERS[name](), Random(1)
    gc.collect()
    began_mb = weighs_mb()
    done, told, mark, times, cpu_ns = 0, 0, 10_000, array("q"), 0
    while done < events:
        steps = list(chunk(chance, done, corrected))
        cpu_began = thread_time_ns()
        for place, step in enumerate(steps):
            began = perf_counter_ns()
            contender.take(*step)
            took = perf_counter_ns() - began
            if place % KEPT == 0:
                times.append(took)
        cpu_ns += thread_time_ns() - cpu_began
        done += len(steps)
        contender.roll(minute_of(done))
        if done >= mark:
            answer.send(measured(name, contender, done, times, cpu_ns / 1e3 / (done - told), began_mb))
            mark, told, times, cpu_ns = mark * 10, done, array("q"), 0
    answer.send(None)


def measured(
    name: str, contender: Contender, done: int, times: "array[int]", cpu_us: float, began_mb: float
) -> Line:
    """Return a line; the memory is that before anything was asked."""
    gc.collect()
    grown_mb, ordered = weighs_mb() - began_mb, sorted(times)
    kappa, all_ms, counts = contender.kappa(), None, None
    if isinstance(contender, Ours):
        all_ms, counts = quickest_ms(contender.everything), contender.rolling.n_counts
    return Line(
        name=name,
        events=done,
        cpu_us=cpu_us,
        p50_us=ordered[len(ordered) // 2] / 1e3,
        p99_us=ordered[len(ordered) * 99 // 100] / 1e3,
        grown_mb=grown_mb,
        ask_ms=quickest_ms(contender.kappa),
        all_ms=all_ms,
        counts=counts,
        kappa=kappa,
    )


def quickest_ms(ask: Callable[[], object]) -> float:
    """Return how long the quickest of some tries takes: what else the machine does only adds to it."""
    took_s = []
    for _ in range(TRIES):
        began = perf_counter()
        ask()
        took_s.append(perf_counter() - began)
    return min(took_s) * 1e3


def weighs_mb() -> float:
    """Return what this process holds in memory now."""
    [line] = [
        one for one in Path("/proc/self/status").read_text("utf-8").splitlines() if one.startswith("VmRSS")
    ]
    return int(line.split()[1]) / 1024


def minute_of(done: int) -> int:
    """Return the minute in which so many labels have come."""
    return FIRST_MINUTE + done // LABELS_A_MINUTE


def chunk(chance: Random, done: int, corrected: float) -> Iterator[Step]:
    """Return the labels of a unit before and after each arrival."""
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
        if chance.random() < corrected:
            last = standing[-1]
            again = UnitLabel(
                annotator=last.annotator,
                category="=",
                minute=last.minute + 1,
                order=(last.order[0] + 99, "x"),
            )
            yield standing, [*standing, again]


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
