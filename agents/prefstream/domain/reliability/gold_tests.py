"""The sequential gold test: as few questions with a known answer as a decision needs.

Wald's sequential probability ratio test of "right with probability `honest`" against "right with
probability `careless`". After r right and w wrong answers

    L = r log(careless / honest) + w log((1 - careless) / (1 - honest));

L >= log(1 / false_alarm) fails the person, L <= log(miss) passes them, and between the two one more
question is asked. exp(L) is a likelihood ratio, hence a martingale under "honest" and its inverse one
under "careless": by Ville's inequality each error has at most its stated probability, without Wald's
approximation. Who is better than `honest` is failed less often still, who is worse than `careless`
passed less often.

Passing is not for ever. From then on a detector of Shiryaev-Roberts type watches the answers for a fall
below `honest`; on average a person who stays honest answers `arl` questions before a false alarm.

Sources: Wald, "Sequential tests of statistical hypotheses", Annals of Mathematical Statistics 16 (1945);
for the detector see `prefstream.domain.monitoring.detector`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import log
from typing import Literal, Self, TypeVar

from prefstream.domain.monitoring.detector import Detector
from prefstream.schemas.errors import BadInput

Standing = Literal["open", "passed", "failed", "fallen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldTest:
    """What the test tells apart, and how often it may err."""

    #: Share of right answers of a person who does the work well.
    honest: float = 0.85
    #: Share of right answers of one who does not: a coin's, between A and B.
    careless: float = 0.5
    #: P(an honest person fails), at most.
    false_alarm: float = 0.05
    #: P(a careless person passes), at most.
    miss: float = 0.02
    #: Mean number of answers after passing until an honest person is taken for fallen, at least.
    arl: float = 4000.0

    def __post_init__(self) -> None:
        if not 0.0 < self.careless < self.honest < 1.0:
            raise BadInput(
                f"the careless ({self.careless}) must be right less often than the honest ({self.honest}), "
                "both between 0 and 1"
            )
        if not (0.0 < self.false_alarm < 0.5 and 0.0 < self.miss < 0.5):
            raise BadInput(f"error rates are between 0 and .5, not {self.false_alarm} and {self.miss}")

    def evidence(self, *, right: int, wrong: int) -> float:
        """Return L: above 0 for carelessness, below 0 for honesty.

        >>> round(GoldTest().evidence(right=4, wrong=4), 3)
        2.693
        """
        of_right = log(self.careless / self.honest)
        return right * of_right + wrong * log((1.0 - self.careless) / (1.0 - self.honest))

    def standing(self, *, right: int, wrong: int) -> Literal["open", "passed", "failed"]:
        """Return what so many answers decide, if nothing was decided before.

        >>> GoldTest().standing(right=2, wrong=3), GoldTest().standing(right=8, wrong=0)
        ('open', 'passed')
        """
        evidence = self.evidence(right=right, wrong=wrong)
        if evidence >= -log(self.false_alarm):
            return "failed"
        return "passed" if evidence <= log(self.miss) else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldRecord:
    """One person's answers to gold questions, in the order in which they were given.

    >>> record = GoldRecord().after_all([True, False, False, True, False, False])
    >>> record.standing, record.decided_at
    ('failed', 5)
    """

    test: GoldTest = field(default_factory=GoldTest)
    right: int = 0
    wrong: int = 0
    standing: Standing = "open"
    #: Place of the answer, from 0, that decided.
    decided_at: int | None = None
    #: Place of the first answer after the estimated fall, where there was one.
    since: int | None = None
    #: Watches from passing on.
    watch: Detector | None = None

    @property
    def answers(self) -> int:
        """Return how many questions were answered."""
        return self.right + self.wrong

    def after(self, *, right: bool) -> Self:
        """Return the record after one more answer. A decision against the person stays."""
        counted = replace(self, right=self.right + right, wrong=self.wrong + (not right))
        if self.standing == "open":
            return _tested(counted)
        if self.standing == "passed" and self.watch is not None:
            return _watched(counted, self.watch.after(agrees=right))
        return counted

    def after_all(self, answers: Iterable[bool]) -> Self:
        """Return the record after more answers, whether each was right."""
        record = self
        for right in answers:
            record = record.after(right=right)
        return record


_Record = TypeVar("_Record", bound=GoldRecord)


def _tested(record: _Record) -> _Record:
    standing = record.test.standing(right=record.right, wrong=record.wrong)
    if standing == "open":
        return record
    decided_at = record.answers - 1
    if standing == "failed":
        return replace(record, standing=standing, decided_at=decided_at, since=0)
    watch = Detector.begin(alpha=1.0 - record.test.honest, arl=record.test.arl)
    return replace(record, standing=standing, decided_at=decided_at, watch=watch)


def _watched(record: _Record, watch: Detector) -> _Record:
    if watch.alarm is None:
        return replace(record, watch=watch)
    # The watch counts from passing on.
    since = record.answers - watch.seen + watch.alarm.since
    return replace(record, watch=watch, standing="fallen", decided_at=record.answers - 1, since=since)
