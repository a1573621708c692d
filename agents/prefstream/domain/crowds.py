"""What was published of the people of a slice, and how sure it makes one of what they say.

The arithmetic of `domain/reliability` without its arrays: resolution looks at one pair at a time, and
thousands a second. The posterior is Dawid and Skene's ("Maximum likelihood estimation of observer
error-rates using the EM algorithm", Applied Statistics 28, 1979) with the tables as they were published:

    q(t) ~ p_t prod_(a said l) theta_a(t, l)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Literal, Self

from prefstream.domain.agreement.categories import nominal
from prefstream.schemas.policies import OverlapPolicy
from prefstream.schemas.reliability import Rates, ReliabilityPublished

#: What stands for a probability that was rounded to 0: half of the last place.
LEAST = 0.00005
#: log theta(t, l) of each t, by l.
_Columns = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crowd:
    """The people of a slice, as they were published.

    >>> told = {"A": {"A": 0.9, "B": 0.1}, "B": {"A": 0.2, "B": 0.8}}
    >>> crowd = Crowd.of(("A", "B"), shares={"A": 0.5, "B": 0.5}, confusion={"ann": told}, strangers=told)
    >>> {name: round(share, 4) for name, share in crowd.posterior_of([("ann", "A")]).items()}
    {'A': 0.8182, 'B': 0.1818}
    """

    reliability_id: str
    classes: tuple[str, ...]
    #: The annotators, the most accurate first, then by name.
    best: tuple[str, ...]
    shares: tuple[float, ...]
    people: Mapping[str, _Columns]
    strangers: _Columns

    @classmethod
    def of(
        cls,
        classes: Sequence[str],
        *,
        shares: Mapping[str, float],
        confusion: Mapping[str, Rates],
        strangers: Rates,
        reliability_id: str = "",
    ) -> Self:
        """Return the crowd of these tables."""
        weights = [shares.get(true, 0.0) for true in classes]
        accuracy = {
            name: sum(
                weight * rates.get(true, {}).get(true, 0.0)
                for true, weight in zip(classes, weights, strict=True)
            )
            for name, rates in confusion.items()
        }
        return cls(
            reliability_id=reliability_id,
            classes=tuple(classes),
            best=tuple(sorted(confusion, key=lambda name: (-accuracy[name], name))),
            shares=tuple(_log(weight) for weight in weights),
            people={name: _columns(rates, classes) for name, rates in confusion.items()},
            strangers=_columns(strangers, classes),
        )

    @classmethod
    def published(cls, event: ReliabilityPublished) -> Self:
        """Return the crowd that an event tells of."""
        return cls.of(
            event.classes,
            shares=event.shares,
            confusion=event.confusion,
            strangers=event.strangers,
            reliability_id=event.reliability_id,
        )

    def posterior_of(self, said: Iterable[tuple[str, str]]) -> dict[str, float]:
        """Return how likely each class is for an item of which this was said.

        Args:
            said: Annotators and their labels. Somebody of whom nothing was published labels as strangers
                do; a label that is no class says nothing.
        """
        scores = list(self.shares)
        # In one order whatever the order of labels: floats do not add up the same in every order.
        for annotator, label in sorted(said):
            column = self.people.get(annotator, self.strangers).get(label)
            if column is not None:
                scores = [score + one for score, one in zip(scores, column, strict=True)]
        greatest = max(scores)
        weights = [exp(score - greatest) for score in scores]
        total = sum(weights)
        return {name: weight / total for name, weight in zip(self.classes, weights, strict=True)}

    def reach_of(self, said: Sequence[tuple[str, str]], *, left: int) -> float:
        """Return the best posterior that `left` more people can bring about if they are the best there are.

        Args:
            said: Annotators and their labels of the item so far.
            left: People still to ask.
        """
        asked = {annotator for annotator, _ in said}
        others = [name for name in self.best if name not in asked][:left]
        # Somebody new may be asked too; of them no more is known than of strangers.
        others += [""] * (left - len(others))
        return max(
            max(self.posterior_of([*said, *((name, label) for name in others)]).values())
            for label in self.classes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """Whether people's labels of a pair were enough, as it was found when one of them came."""

    #: "ask": one more person is needed. "sure": their most likely label stands. "count": they are not
    #: sure and nobody else is asked, so that their votes are counted.
    answer: Literal["ask", "sure", "count"]
    #: Where they are sure, the side they are sure of: 1 for A, 0 for a tie, -1 for B, `None` for neither.
    side: int | None = None
    #: What was known of people; `None`: nothing.
    reliability_id: str | None = None


def sureness_of(said: Sequence[tuple[str, str]], *, rule: OverlapPolicy, crowd: Crowd | None) -> Sureness:
    """Return whether the labels of a pair are enough.

    Where nothing is known of people nobody is sure, and as many are asked as the rule allows.

    Args:
        said: Different annotators and their verdicts, as they count.
        rule: The slice's.
        crowd: What is known of the slice's people.

    >>> rule = OverlapPolicy(fewest=2, most=3)
    >>> sureness_of([("ann", "A>"), ("ben", "B>")], rule=rule, crowd=None).answer
    'ask'
    >>> sureness_of([("ann", "A>"), ("ben", "B>"), ("cid", "B>")], rule=rule, crowd=None).answer
    'count'
    """
    left = rule.most - len(said)
    if crowd is None:
        return Sureness(answer="ask" if left > 0 else "count")
    ballots = [(name, label) for name, verdict in said if (label := nominal(verdict)) is not None]
    posterior = crowd.posterior_of(ballots)
    greatest = max(posterior.values())
    likely = [label for label, share in posterior.items() if share == greatest]
    # Tables alone are no label: what nobody said has nobody who can say how much better.
    if greatest >= rule.sure and len(likely) == 1 and any(label == likely[0] for _, label in ballots):
        return Sureness(answer="sure", side=_SIDES.get(likely[0]), reliability_id=crowd.reliability_id)
    within_reach = left > 0 and crowd.reach_of(ballots, left=left) >= rule.sure
    return Sureness(answer="ask" if within_reach else "count", reliability_id=crowd.reliability_id)


#: The side of a pair that a class speaks for.
_SIDES = {"A": 1, "=": 0, "B": -1}


def _columns(rates: Rates, classes: Sequence[str]) -> _Columns:
    return {said: tuple(_log(rates.get(true, {}).get(said, 0.0)) for true in classes) for said in classes}


def _log(share: float) -> float:
    return log(max(share, LEAST))
