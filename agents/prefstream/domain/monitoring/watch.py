"""The watch over accepted audited pairs, one detector per slice, or one for all of a pooled bound."""

from collections.abc import Iterable
from dataclasses import dataclass

from prefstream.domain.monitoring.detector import ARL, Detector


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One accepted audited pair and whether the person agreed."""

    #: What is watched as one: the slice, or one name for all of a pooled bound.
    stream: str
    #: The bound promised when the pair was accepted.
    alpha: float
    agrees: bool
    #: What names the outcome, e.g. the id of the person's label.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A stream whose promise is broken."""

    stream: str
    #: The outcome that raised the alarm, and the first one after the estimated change.
    raised_by: str
    since: str
    #: Outcomes from the change to the alarm, and how many of them were errors.
    outcomes: int
    errors: int
    evidence: float


def alarms(outcomes: Iterable[Outcome], *, arl: float = ARL) -> tuple[Drift, ...]:
    """Return the first alarm of each stream, in the order in which they were raised.

    A change of the promised bound in mid-stream begins anew: its bets are others.

    Args:
        outcomes: In the order in which people gave their labels.
        arl: Mean number of outcomes of a stream until a false alarm, at least.
    """
    detectors: dict[str, Detector] = {}
    alphas: dict[str, float] = {}
    seen: dict[str, list[Outcome]] = {}
    raised: list[Drift] = []
    for one in outcomes:
        if alphas.get(one.stream) != one.alpha:
            alphas[one.stream], seen[one.stream] = one.alpha, []
            detectors[one.stream] = Detector.begin(alpha=one.alpha, arl=arl)
        before = detectors[one.stream]
        if before.alarm is not None:
            continue
        seen[one.stream].append(one)
        after = detectors[one.stream] = before.after(agrees=one.agrees)
        if after.alarm is not None:
            raised.append(_drift(one.stream, seen[one.stream], after))
    return tuple(raised)


def _drift(stream: str, seen: list[Outcome], detector: Detector) -> Drift:
    assert detector.alarm is not None
    since, at, evidence = detector.alarm.since, detector.alarm.at, detector.alarm.evidence
    window = seen[since : at + 1]
    return Drift(
        stream=stream,
        raised_by=seen[at].id,
        since=seen[since].id,
        outcomes=len(window),
        errors=sum(not one.agrees for one in window),
        evidence=evidence,
    )
