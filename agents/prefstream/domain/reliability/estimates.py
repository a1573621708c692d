"""What Dawid and Skene's model says of one slice: of its items, and of the people who labelled them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np

from prefstream.domain.reliability.dawid_skene import (
    LOG_ONE,
    ONE,
    Fit,
    Prior,
    Schedule,
    fit,
    normalised,
)
from prefstream.domain.reliability.sheets import CrowdLabel, Integers, Sheet
from prefstream.schemas.errors import BadInput

#: How likely each class is to be the true one.
Posterior = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """How one person labels in one slice."""

    annotator: str
    #: P(this person says l | the truth is t): rates[t][l].
    rates: Mapping[str, Mapping[str, float]]
    #: Items whose class is t that they called l, each counted by how sure that is: counts[t][l].
    counts: Mapping[str, Mapping[str, float]]
    #: Labels that stand.
    labels: int
    #: P(this person is right) on an item of the slice: sum_t p_t theta(t, t).
    accuracy: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """The estimate of one slice; two of them are the same exactly if their fingerprints are.

    >>> labels = [CrowdLabel(item=f"p{n}", annotator=who, label=said)
    ...           for n in range(9) for who, said in (("ann", "A"), ("bob", "A"), ("cy", "AB"[n % 2]))]
    >>> estimate = estimated(labels, classes=("A", "B"))
    >>> estimate.label("p1"), estimate.skill("ann").accuracy > estimate.skill("cy").accuracy
    ('A', True)
    """

    sheet: Sheet
    prior: Prior
    result: Fit

    @cached_property
    def fingerprint(self) -> str:
        """Return the SHA-256 of all integers of the estimate and the names they belong to."""
        named = (self.sheet.items, self.sheet.annotators, self.sheet.classes)
        digest = sha256(repr((named, self.prior, self.result.sweeps)).encode(errors="surrogatepass"))
        tables = self.result.tables
        for numbers in (self.result.posteriors, tables.shares, tables.errors, tables.strangers):
            digest.update(np.ascontiguousarray(numbers, dtype="<i8").tobytes())
        return digest.hexdigest()

    @cached_property
    def shares(self) -> Posterior:
        """Return how frequent each class is taken to be."""
        return dict(zip(self.sheet.classes, _probabilities(self.result.tables.shares), strict=True))

    def posterior(self, item: str) -> Posterior:
        """Return how likely each class is for an item of the sheet.

        Raises:
            KeyError: The item has no label that counts.
        """
        column = self.result.posteriors[:, self._items[item]]
        return dict(zip(self.sheet.classes, (column / ONE).tolist(), strict=True))

    def label(self, item: str) -> str | None:
        """Return the most likely class of an item; `None` where two are equally likely."""
        return most_likely(self.posterior(item))

    def posterior_of(self, said: Iterable[tuple[str, str]]) -> Posterior:
        """Return how likely each class is for an item of which this was said, tables as they are.

        For an item of the sheet that has not changed and is not gold it is the item's posterior, to the
        last bit.

        Args:
            said: Annotators and their labels. A person the estimate does not know labels as the prior says.

        Raises:
            BadInput: A label is no class of the sheet.
        """
        scores = self.result.tables.shares.copy()
        for annotator, label in said:
            scores += self._column(annotator, label)
        return dict(zip(self.sheet.classes, (normalised(scores[:, None])[:, 0] / ONE).tolist(), strict=True))

    def skill(self, annotator: str) -> Skill:
        """Return how a person labels; the prior, where the estimate does not know them."""
        classes = self.sheet.classes
        at = self._annotators.get(annotator)
        logs = np.stack([self._column(annotator, label) for label in classes], axis=1)
        rates = [_probabilities(row) for row in logs]
        counts = np.zeros((len(classes), len(classes)))
        if at is not None:
            counts = self.result.tables.error_counts[:, at * len(classes) : (at + 1) * len(classes)] / ONE
        shares = self.shares.values()
        return Skill(
            annotator=annotator,
            rates={t: dict(zip(classes, row, strict=True)) for t, row in zip(classes, rates, strict=True)},
            counts={
                t: dict(zip(classes, row, strict=True))
                for t, row in zip(classes, counts.tolist(), strict=True)
            },
            labels=0 if at is None else int((self.sheet.annotator == at).sum()),
            accuracy=sum(share * row[n] for n, (share, row) in enumerate(zip(shares, rates, strict=True))),
        )

    @cached_property
    def best(self) -> tuple[str, ...]:
        """Return the annotators, the most accurate first, then by name."""
        names, classes = self.sheet.annotators, len(self.sheet.classes)
        rates = np.exp(self.result.tables.errors / LOG_ONE).reshape(classes, len(names), classes)
        shares = np.exp(self.result.tables.shares / LOG_ONE)
        accuracy = np.rint(np.einsum("t,tat->a", shares, rates) * ONE).astype(np.int64).tolist()
        return tuple(sorted(names, key=lambda name: (-accuracy[self._annotators[name]], name)))

    @cached_property
    def _items(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self.sheet.items)}

    @cached_property
    def _annotators(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self.sheet.annotators)}

    def _column(self, annotator: str, label: str) -> Integers:
        """Return log theta(t, label) of each t, in units."""
        try:
            said = self.sheet.classes.index(label)
        except ValueError:
            raise BadInput(
                f"{label!r} is no class; the classes are {', '.join(self.sheet.classes)}"
            ) from None
        at = self._annotators.get(annotator)
        if at is None:
            return self.result.tables.strangers[:, said]
        return self.result.tables.errors[:, at * len(self.sheet.classes) + said]


def estimated(
    labels: Iterable[CrowdLabel],
    *,
    classes: Iterable[str] = (),
    gold: Mapping[str, str] | None = None,
    prior: Prior | None = None,
    schedule: Schedule | None = None,
) -> Estimate:
    """Return the estimate of the labels of one slice.

    Args:
        labels: In any order; of one occasion the latest counts.
        classes: Classes that exist even if nobody names them.
        gold: The known class of items.
        prior: What is believed of people and shares.
        schedule: When to stop.

    Raises:
        BadInput: No label counts.
    """
    sheet = Sheet.of(labels, classes=tuple(classes), gold=gold)
    return of_sheet(sheet, prior=prior or Prior(), schedule=schedule or Schedule())


def of_sheet(sheet: Sheet, *, prior: Prior, schedule: Schedule) -> Estimate:
    """Return the estimate of a sheet.

    Raises:
        BadInput: The sheet is empty.
    """
    if not sheet.items:
        raise BadInput("there is no label that counts, so nothing can be estimated")
    return Estimate(sheet=sheet, prior=prior, result=fit(sheet, prior=prior, schedule=schedule))


def most_likely(posterior: Posterior) -> str | None:
    """Return the most likely class; `None` where two are equally likely.

    >>> most_likely({"A": 0.5, "=": 0.5, "B": 0.0}) is None
    True
    """
    greatest = max(posterior.values())
    best = [name for name, share in posterior.items() if share == greatest]
    return best[0] if len(best) == 1 else None


def soft_label(posterior: Posterior) -> float | None:
    """Return the share of belief that prefers A, a tie counting half; both bad prefers nobody.

    >>> soft_label({"A": 0.5, "=": 0.25, "B": 0.0, "both_bad": 0.25})
    0.8333333333333334
    >>> soft_label({"A": 0.0, "=": 0.0, "B": 0.0, "both_bad": 1.0}) is None
    True
    """
    a, tie, b = (posterior.get(name, 0.0) for name in ("A", "=", "B"))
    total = a + tie + b
    return (a + tie / 2) / total if total > 0 else None


def _probabilities(logs: Integers) -> list[float]:
    chances: list[float] = np.exp(logs / LOG_ONE).tolist()
    return chances
