"""Habits: what the labels of one person show together, each signal watched by its own detector.

A detector of Shiryaev-Roberts type (see `prefstream.domain.monitoring.detector`) bets against "this
signal comes with probability at most its bound". While that holds, the mean number of labels until a
false alarm is at least ARL, and n labels raise one with probability at most n / ARL, however often one
looks and whatever the texts are like. An alarm is a finding with the label since which the habit holds;
the detector then begins anew, so that a habit which goes on is found again.

Fatigue is told by the clock and by the pace: `worked_s` is the time at work without a pause, and the
detector of `slow_down` begins anew after each pause.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from prefstream.domain.monitoring.detector import Detector
from prefstream.domain.reliability.signals import KINDS, Bounds, Kind, OwnPace, Work, signals

#: Mean number of labels of an honest person between two false alarms of one detector, at least.
HABIT_ARL = 100_000.0
#: Seconds between a label and the showing of the next task that are a pause.
PAUSE_S = 300.0
#: Seconds at work without a pause after which a break is due.
BREAK_DUE_S = 3000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A habit that chance does not explain."""

    kind: Kind
    #: The label that raised it, and the first after the estimated beginning of the habit.
    raised_by: str
    since: str
    #: Labels from the beginning to the alarm that could show the signal, and how many did.
    labels: int
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One signal: its detector, and the labels it has seen since it last began."""

    detector: Detector
    seen: tuple[tuple[str, bool], ...] = ()

    @classmethod
    def begin(cls, bound: float) -> Self:
        """Return a stream that has seen nothing."""
        return cls(detector=Detector.begin(alpha=bound, arl=HABIT_ARL))

    def after(self, label_id: str, *, shown: bool) -> Self:
        """Return the stream after one more label that could show the signal."""
        detector = self.detector.after(agrees=not shown)
        # Labels before the earliest change that any bet believes in will not be asked for any more.
        first = self.detector.seen - len(self.seen)
        kept = self.seen[max(0, min(detector.begun) - first) :]
        return replace(self, detector=detector, seen=(*kept, (label_id, shown)))

    def finding(self, kind: Kind) -> Finding | None:
        """Return the finding, if the last label raised an alarm."""
        alarm = self.detector.alarm
        if alarm is None:
            return None
        run = self.seen[len(self.seen) - (self.detector.seen - alarm.since) :]
        return Finding(
            kind=kind,
            raised_by=run[-1][0],
            since=run[0][0],
            labels=len(run),
            shown=sum(one for _, one in run),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What is known of one person's way of working; a value, so that a replay gives the same.

    >>> from prefstream.schemas.values import Verdict
    >>> clicks = [Work(id=f"e{n}", at_s=30.0 * n, verdict=Verdict.A_BETTER, sides="ab" if n % 3 else "ba")
    ...           for n in range(40)]
    >>> habits_of(clicks).findings
    ()
    >>> always_left = [Work(id=f"e{n}", at_s=30.0 * n, verdict=Verdict.A_BETTER) for n in range(40)]
    >>> [(one.kind, one.since, one.labels) for one in habits_of(always_left).findings][:2]
    [('left', 'e0', 21), ('same_side', 'e1', 21)]
    """

    bounds: Bounds = field(default_factory=Bounds)
    streams: Mapping[Kind, Stream] = field(default_factory=dict)
    pace: OwnPace = field(default_factory=OwnPace)
    labels: int = 0
    last_left: bool | None = None
    #: Event time of the last label and of the beginning of the present spell of work.
    last_s: float | None = None
    spell_s: float | None = None
    #: In the order in which they were raised.
    findings: tuple[Finding, ...] = ()

    @property
    def worked_s(self) -> float:
        """Return for how long the person has worked without a pause, up to their last label."""
        return 0.0 if self.last_s is None or self.spell_s is None else self.last_s - self.spell_s

    @property
    def break_due(self) -> bool:
        """Return whether a break should be offered."""
        return self.worked_s >= BREAK_DUE_S

    def after(self, work: Work) -> Self:
        """Return the habits after one more label, which must be later than those before."""
        begun_s = work.at_s - (work.seconds or 0.0)
        rested = self.last_s is None or begun_s - self.last_s >= PAUSE_S
        streams, findings = dict(self.streams), list(self.findings)
        if rested:
            streams.pop("slow_down", None)
        for kind, shown in signals(work, pace=self.pace, last_left=self.last_left).items():
            if shown is None:
                continue
            stream = streams.get(kind) or Stream.begin(self.bounds.of(kind))
            streams[kind] = stream.after(work.id, shown=shown)
            finding = streams[kind].finding(kind)
            if finding is not None:
                findings.append(finding)
                del streams[kind]
        return replace(
            self,
            streams=streams,
            pace=self.pace.after(work.pace),
            labels=self.labels + 1,
            last_left=self.last_left if work.left is None else work.left,
            last_s=work.at_s,
            spell_s=work.at_s if rested else self.spell_s,
            findings=tuple(findings),
        )


def habits_of(works: Iterable[Work], *, bounds: Bounds | None = None) -> Habits:
    """Return the habits that a person's labels show, in any order and with any repetition.

    Args:
        works: The labels; of two with one id the earlier counts.
        bounds: How often each signal may come by chance.
    """
    first: dict[str, Work] = {}
    for work in sorted(works, key=lambda work: (work.at_s, work.id)):
        first.setdefault(work.id, work)
    habits = Habits(bounds=bounds or Bounds())
    for work in first.values():
        habits = habits.after(work)
    return habits


def most_false_alarms(labels: int) -> float:
    """Return the bound on P(any finding) in so many labels of a person who works well.

    One detector raises an alarm with probability at most labels / ARL; there are ten.

    >>> most_false_alarms(1000)
    0.1
    """
    return min(1.0, len(KINDS) * labels / HABIT_ARL)
