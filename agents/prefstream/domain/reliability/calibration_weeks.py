"""Calibration sets: the same items for everybody in an ISO week, and drift read from them, paired.

A set is mostly fresh items, drawn by hash, and a few anchors from an earlier set. The fresh ones compare a
person with the others on the same items, so that a hard week is hard for all and drops out of the
difference. The anchors compare a person with themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum

from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.reliability.gold_choice import place
from prefstream.domain.reliability.splits import split_p_value

#: Items of a set, and how many of them are anchors.
SET_SIZE, ANCHORS = 50, 10
#: Fewer common items say nothing.
_FEWEST = 5


def calibration_set(
    candidates: Mapping[str, str],
    *,
    week: str,
    seed: str,
    earlier: Iterable[str] = (),
    size: int = SET_SIZE,
    anchors: int = ANCHORS,
) -> tuple[str, ...]:
    """Return the items of a week, whoever asks; slices as in the candidates, by largest remainders.

    Publish it once: a candidate that comes later in the week would change it.

    Args:
        candidates: The slice of each item that may be drawn, those of earlier sets included.
        week: See `gold_choice.week_of`.
        seed: Secret of the installation.
        earlier: The set of an earlier week, best some weeks ago so that nobody remembers it.
        size: Items of the set; fewer where there are no more candidates.
        anchors: How many of them come from the earlier set.

    >>> items = {f"p{n}": "code" if n % 5 else "math" for n in range(500)}
    >>> drawn = calibration_set(items, week="2026-W47", seed="s")
    >>> len(drawn), sum(items[item] == "math" for item in drawn)
    (50, 10)
    """
    before = set(earlier)

    def drawn(item: str) -> tuple[float, str]:
        return place("calibration", seed, week, item), item

    kept = sorted(before.intersection(candidates), key=drawn)[: min(anchors, size)]
    fresh: dict[str, list[str]] = {}
    for item in sorted((one for one in candidates if one not in before), key=drawn):
        fresh.setdefault(candidates[item], []).append(item)
    quotas = _quotas({name: len(items) for name, items in fresh.items()}, size - len(kept))
    chosen = [item for name, items in fresh.items() for item in items[: quotas[name]]]
    return tuple(sorted([*kept, *chosen]))


def order_for(annotator: str, items: Iterable[str], *, week: str, seed: str) -> tuple[str, ...]:
    """Return the items in the order in which one person meets them: everybody has their own."""
    return tuple(
        sorted(items, key=lambda item: (place("calibration-order", seed, week, annotator, item), item))
    )


def against_others(own: Mapping[str, bool], others: Mapping[str, tuple[int, int]]) -> Statistic:
    """Return how much more often a person is right than the others on the same items.

    The mean of d_i = own_i - right_i / others_i over items both answered, with the standard error of a
    mean of paired differences, s_d / sqrt(n).

    Args:
        own: Whether the person was right, by item.
        others: By item, how many of the others were right, and how many answered.

    >>> own = {f"p{n}": n % 4 != 0 for n in range(40)}
    >>> against_others(own, {item: (9, 10) for item in own}).value
    -0.15
    """
    common = sorted(item for item in own if item in others and others[item][1])
    if len(common) < _FEWEST:
        return Statistic.undefined(f"{len(common)} common items are too few", n_units=len(common))
    differences = [own[item] - others[item][0] / others[item][1] for item in common]
    mean = fsum(differences) / len(differences)
    spread = fsum((one - mean) ** 2 for one in differences) / (len(differences) - 1)
    return Statistic.with_variance(round(mean, 12), spread / len(differences), n_units=len(differences))


def drift(now: Statistic, before: Statistic) -> Statistic:
    """Return by how much a person has changed against the others between two weeks.

    Different items, hence independent: the variances add.

    >>> drift(Statistic.undefined("nothing", n_units=0), Statistic.undefined("nothing", n_units=0)).reason
    'one of the weeks has no figure'
    """
    n_units = now.n_units + before.n_units
    if now.value is None or before.value is None:
        return Statistic.undefined("one of the weeks has no figure", n_units=n_units)
    variance = sum((one.standard_error or 0.0) ** 2 for one in (now, before))
    return Statistic.with_variance(round(now.value - before.value, 12), variance, n_units=n_units)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorDrift:
    """A person against themselves on the anchors."""

    #: Items right before and wrong now, and the other way round.
    lost: int
    gained: int
    items: int
    #: P(so uneven a split or worse | nothing changed), two-sided.
    p_value: float


def anchor_drift(now: Mapping[str, bool], before: Mapping[str, bool]) -> AnchorDrift:
    """Return McNemar's exact test of a person's answers to the same items at two times.

    If nothing changed, each item that changed sides did so either way with probability 1/2.

    >>> before = {f"p{n}": True for n in range(10)}
    >>> anchor_drift({item: item > "p5" for item in before}, before).p_value
    0.03125
    """
    common = [item for item in now if item in before]
    lost = sum(before[item] and not now[item] for item in common)
    gained = sum(now[item] and not before[item] for item in common)
    return AnchorDrift(lost=lost, gained=gained, items=len(common), p_value=split_p_value(lost, gained))


def _quotas(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """Return how many of each slice are drawn (Hamilton's method: largest remainders)."""
    total = sum(sizes.values())
    size = min(size, total)
    quotas = {name: size * count // total for name, count in sizes.items()}
    by_remainder = sorted(sizes, key=lambda name: (-(size * sizes[name] % total), name))
    for name in by_remainder[: size - sum(quotas.values())]:
        quotas[name] += 1
    return quotas
