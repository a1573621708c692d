"""Whether a changed judge is better than the present one, on labels it was not built from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil, comb, log2

from prefstream.domain.evaluation.readings import Side
from prefstream.schemas.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPair:
    """One pair of a recorded evaluation."""

    slice: str
    people: Side
    #: The side of the judge's label; `None` is no label.
    judge: Side | None

    @property
    def right(self) -> bool:
        """Return whether the judge says what people say."""
        return self.judge == self.people


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvaluation:
    """What a judge said of the pairs on which people take a side, and what it was built from."""

    judge: str
    #: Pairs whose labels its prompt or exemplars were made from, or tuned on.
    built_from: frozenset[str]
    pairs: Mapping[str, RecordedPair]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discordance:
    """Pairs that one of the two gets right and the other wrong."""

    pairs: int
    only_candidate: int
    only_present: int
    #: One-sided exact McNemar: the probability of so many if both were equally good.
    p_better: float
    p_worse: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """The decision with the numbers it rests on."""

    adopt: bool
    why: str
    #: What was asked of the whole, and of each slice.
    delta: float
    slice_delta: float
    present_right: int
    candidate_right: int
    whole: Discordance
    by_slice: Mapping[str, Discordance]
    #: Pairs left out because either judge was built from them.
    excluded: int


def adoption(
    present: RecordedEvaluation, candidate: RecordedEvaluation, *, delta: float = 0.05, tries: int = 1
) -> Adoption:
    """Return whether to adopt the candidate.

    On the pairs that neither was built from, with b those that only the candidate gets right and c
    those that only the present judge does: adopt when P(Binomial(b + c, 1/2) >= b) <= delta / tries
    (McNemar's test, exact and one-sided) and no slice is worse by the same test the other way round
    at delta / slices.

    Args:
        present: The judge in use.
        candidate: The changed judge, on the same pairs.
        delta: Probability of adopting one that is no better.
        tries: How many candidates were held against these labels so far, this one included.

    Raises:
        BadInput: The two are not about the same pairs and labels, or no pair is left.

    >>> def judged(right):
    ...     sides = ["A"] * right + ["B"] * (9 - right)
    ...     pairs = {str(n): RecordedPair(slice="s", people="A", judge=said) for n, said in enumerate(sides)}
    ...     return RecordedEvaluation(judge="j", built_from=frozenset(), pairs=pairs)
    >>> adoption(judged(1), judged(9)).adopt, adoption(judged(5), judged(9)).adopt
    (True, False)
    """
    if not 0 < delta < 1 or tries < 1:
        raise BadInput(f"delta lies between 0 and 1 and tries is at least 1, not {delta} and {tries}")
    fresh = _comparable(present, candidate)
    slices = sorted({candidate.pairs[key].slice for key in fresh})
    by_slice = {
        name: _discordance(present, candidate, [key for key in fresh if candidate.pairs[key].slice == name])
        for name in slices
    }
    whole = _discordance(present, candidate, fresh)
    asked, slice_delta = delta / tries, delta / len(slices)
    worse = [name for name, one in by_slice.items() if one.p_worse <= slice_delta]
    better = whole.p_better <= asked
    return Adoption(
        adopt=better and not worse,
        why=_why(whole, asked, worse, better=better),
        delta=asked,
        slice_delta=slice_delta,
        present_right=sum(present.pairs[key].right for key in fresh),
        candidate_right=sum(candidate.pairs[key].right for key in fresh),
        whole=whole,
        by_slice=by_slice,
        excluded=len(candidate.pairs) - len(fresh),
    )


def sign_test(successes: int, trials: int) -> float:
    """Return the probability of at least so many heads of a fair coin.

    >>> sign_test(5, 5), sign_test(0, 0)
    (0.03125, 1.0)
    """
    ways: int = sum(comb(trials, k) for k in range(successes, trials + 1))
    return ways / (1 << trials)


def _comparable(present: RecordedEvaluation, candidate: RecordedEvaluation) -> list[str]:
    if lone := sorted(present.pairs.keys() ^ candidate.pairs.keys()):
        raise BadInput(
            f"{len(lone)} pairs are in one evaluation only, {lone[0]!r} first;"
            " evaluate both on the same pairs"
        )
    fresh = sorted(candidate.pairs.keys() - candidate.built_from - present.built_from)
    if not fresh:
        raise BadInput("no pair is left that neither judge was built from; label fresh ones for the audit")
    for key in fresh:
        if candidate.pairs[key].people != present.pairs[key].people:
            raise BadInput(
                f"people's label of {key!r} differs between the two; evaluate both on the same labels"
            )
    return fresh


def _discordance(
    present: RecordedEvaluation, candidate: RecordedEvaluation, keys: Collection[str]
) -> Discordance:
    ours = sum(candidate.pairs[key].right and not present.pairs[key].right for key in keys)
    theirs = sum(present.pairs[key].right and not candidate.pairs[key].right for key in keys)
    return Discordance(
        pairs=len(keys),
        only_candidate=ours,
        only_present=theirs,
        p_better=sign_test(ours, ours + theirs),
        p_worse=sign_test(theirs, ours + theirs),
    )


def _why(whole: Discordance, asked: float, worse: list[str], *, better: bool) -> str:
    split = whole.only_candidate + whole.only_present
    if not better and 0.5**split > asked:
        needed = ceil(-log2(asked))
        return f"only one of the two is right in {split} pairs; fewer than {needed} can show nothing"
    if not better:
        return "it is not better than the present judge by more than chance"
    if worse:
        return f"it is better on the whole, but worse in {', '.join(worse)}"
    return "it is better than the present judge, and worse in no slice"
