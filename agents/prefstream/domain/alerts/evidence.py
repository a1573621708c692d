"""Evidence that a share has fallen below its bound: may be looked at after every outcome.

The monitor is the betting e-detector of `domain.monitoring` taken in runs: between two looks at a slice
any number of outcomes may have come, of which only the counts are known. With k right and w wrong ones,

    R(l) := (R(l) + 1) a(l)^k b(l)^w,

where a and b are the factors after a right and a wrong outcome of the bet l. While the true share is at
or above the bound a run's factor has mean at most 1, whatever its length, so R minus the number of runs
is a supermartingale: the mean number of runs until a false alarm at R >= ARL is at least ARL, and an
alarm among the first n runs has probability n / ARL at most (Shin, Ramdas and Rinaldo 2023, section 3).
Runs are no longer than outcomes, so the same holds of outcomes.

Counts that go down again (a label withdrawn, a revision) are not taken out of the evidence: what comes
next only counts beyond the most there ever was, of right and of wrong outcomes each.
"""

from dataclasses import dataclass, replace
from math import exp, log, log1p

from prefstream.domain.monitoring import ARL, bets_of

#: Beyond this nothing is told apart any more, and exp would overflow.
_MOST_LOG = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known after some runs; a value, so that a repeat gives the same.

    >>> evidence = Evidence.begin()
    >>> for right, wrong in ((95, 5), (190, 10), (195, 55)):
    ...     evidence = evidence.after(right=right, wrong=wrong, bound=0.9)
    >>> evidence.alarm
    True
    """

    #: R of each bet.
    reached: tuple[float, ...] = ()
    #: The most right and wrong outcomes there ever were, counted from the beginning of the slice.
    right: int = 0
    wrong: int = 0
    arl: float = ARL

    @classmethod
    def begin(cls, *, right: int = 0, wrong: int = 0, arl: float = ARL) -> "Evidence":
        """Return evidence that knows nothing.

        Args:
            right: Right outcomes that are not to count.
            wrong: Wrong outcomes that are not to count.
            arl: Mean number of runs until a false alarm, at least.
        """
        return cls(right=right, wrong=wrong, arl=arl)

    def after(self, *, right: int, wrong: int, bound: float) -> "Evidence":
        """Return the evidence after a look.

        Args:
            right: All right outcomes so far.
            wrong: All wrong outcomes so far.
            bound: The share that is promised, between 0 and 1.
        """
        new_right, new_wrong = max(0, right - self.right), max(0, wrong - self.wrong)
        if new_right + new_wrong == 0:
            return self
        bets = bets_of(1 - bound)
        before = self.reached or (0.0,) * len(bets)
        reached = tuple(
            [
                exp(min(_MOST_LOG, log1p(r) + _gain(bet, bound, new_right, new_wrong)))
                for r, bet in zip(before, bets, strict=True)
            ]
        )
        return replace(self, reached=reached, right=max(right, self.right), wrong=max(wrong, self.wrong))

    @property
    def strength(self) -> float:
        """Return what the evidence has reached: the mean over the bets."""
        return sum(self.reached) / len(self.reached) if self.reached else 0.0

    @property
    def alarm(self) -> bool:
        """Return whether there is enough evidence that the share is below its bound."""
        return self.strength >= self.arl


def _gain(bet: float, bound: float, right: int, wrong: int) -> float:
    """Return the logarithm of a run's factor."""
    return right * log(1 - bet * (1 - bound) / bound) + wrong * log1p(bet)
