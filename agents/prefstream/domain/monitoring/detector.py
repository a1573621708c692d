"""A betting e-detector of Shiryaev-Roberts type: has the rate of errors risen above what is promised?

With x_t = 1 where the person agrees with the judge, the promised rate of agreement m = 1 - alpha and a
bet l,

    R_t(l) = (R_{t-1}(l) + 1) (1 + l (m - x_t) / m),    R_0(l) = 0,

averaged over a grid of bets. While the promise holds every factor has mean at most 1, so R_t - t is a
supermartingale: the mean time to a false alarm at R >= ARL is at least ARL, and the probability of one
among the first n outcomes is at most n / ARL. No outcome needs to be like another, and one may look
after each.

The bet l wins most against a rate of errors e = alpha (1 + l): the factor is e / alpha after an error
and (1 - e) / (1 - alpha) after an agreement, a likelihood ratio. The grid is even in log e between
alpha and 1, so that a small rise and a collapse are both found.

Source: Shin, Ramdas, Rinaldo, "E-detectors: a nonparametric framework for sequential change detection",
New England Journal of Statistics in Data Science 2 (2023); the Shiryaev-Roberts form is their section 3.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

#: Mean number of audited accepted pairs until a false alarm, at least.
ARL = 40_000.0
#: Bets on the grid.
GRID = 8
#: A start of the change this many times less likely than the likeliest is not excluded; the earliest of
#: those is given, since it is better to look at a pair too many.
WITHIN = 20.0


class Alarm(NamedTuple):
    """The promise is broken."""

    #: Place of the outcome, from 0, that raised the alarm.
    at: int
    #: Place of the first outcome after the estimated change: the earliest that is not excluded.
    since: int
    #: What the detector had reached.
    evidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """What is known after some outcomes; a value, so that a repeat gives the same.

    >>> detector = Detector.begin(alpha=0.1)
    >>> for agrees in [True] * 50 + [False] * 7:
    ...     detector = detector.after(agrees=agrees)
    >>> detector.alarm.at, detector.alarm.since
    (55, 50)
    """

    #: Factors after an agreement and after an error, one per bet.
    factors: tuple[tuple[float, ...], tuple[float, ...]]
    #: R_t of each bet.
    evidence: tuple[float, ...]
    #: Largest product of factors that ends now, of each bet, and where it began (a CUSUM).
    runs: tuple[float, ...]
    begun: tuple[int, ...]
    arl: float = ARL
    seen: int = 0
    alarm: Alarm | None = None

    @classmethod
    def begin(cls, *, alpha: float, arl: float = ARL) -> "Detector":
        """Return a detector that has seen nothing.

        Args:
            alpha: The promised bound on the rate of errors, between 0 and 1.
            arl: Mean number of outcomes until a false alarm, at least.
        """
        bets = bets_of(alpha)
        agreed = tuple([1 - bet * alpha / (1 - alpha) for bet in bets])
        erred = tuple([1 + bet for bet in bets])
        none = (0.0,) * len(bets)
        return cls(factors=(agreed, erred), evidence=none, runs=none, begun=(0,) * len(bets), arl=arl)

    def after(self, *, agrees: bool) -> "Detector":
        """Return the detector after one more outcome; after its alarm it does not change any more.

        Args:
            agrees: Whether the person came down on the judge's side.
        """
        if self.alarm is not None:
            return self
        factors = self.factors[0 if agrees else 1]
        evidence = tuple([(r + 1.0) * f for r, f in zip(self.evidence, factors, strict=True)])
        # Where nothing that came before speaks for a change, the change is put after it.
        begun = tuple(
            [start if run > 1.0 else self.seen for start, run in zip(self.begun, self.runs, strict=True)]
        )
        runs = tuple([max(1.0, run) * f for run, f in zip(self.runs, factors, strict=True)])
        reached = sum(evidence) / len(evidence)
        alarm = None
        if reached >= self.arl:
            least = max(runs) / WITHIN
            since = min(start for start, run in zip(begun, runs, strict=True) if run >= least)
            alarm = Alarm(at=self.seen, since=since, evidence=reached)
        return Detector(
            factors=self.factors,
            evidence=evidence,
            runs=runs,
            begun=begun,
            arl=self.arl,
            seen=self.seen + 1,
            alarm=alarm,
        )


@lru_cache(maxsize=64)
def bets_of(alpha: float) -> tuple[float, ...]:
    """Return the grid of bets: e / alpha - 1 for rates of errors e even in log between alpha and 1.

    >>> [round(0.1 * (1 + bet), 3) for bet in bets_of(0.1)]
    [0.129, 0.167, 0.215, 0.278, 0.359, 0.464, 0.599, 0.774]
    """
    return tuple(alpha ** (-place / (GRID + 1)) - 1.0 for place in range(1, GRID + 1))
