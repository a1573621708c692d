"""When not to ask at all: a provider that is down is left alone, and tried with a few calls."""

from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half_open"]
#: Failures in a row after which a provider counts as down.
FAILURES = 10
#: Seconds for which it is left alone at first, and at most; each failed probe doubles them.
PAUSE_S = 5.0
MOST_PAUSE_S = 120.0
#: Calls that may find out at once whether it is back.
PROBES = 2


@dataclass(slots=True, kw_only=True)
class Breaker:
    """A circuit breaker (Nygard, Release It!, 2007): closed, open, half open.

    >>> breaker = Breaker(failures=2)
    >>> breaker.failed(began_s=0.0, now_s=1.0); breaker.failed(began_s=0.0, now_s=1.0)
    >>> breaker.state(2.0), breaker.state(6.0)
    ('open', 'half_open')
    >>> breaker.answered(began_s=6.0); breaker.state(6.5)
    'closed'
    """

    failures: int = FAILURES
    in_a_row: int = 0
    opened_at_s: float | None = None
    pause_s: float = PAUSE_S

    def state(self, now_s: float) -> State:
        """Return whether calls may go: all, none, or a few probes."""
        if self.opened_at_s is None:
            return "closed"
        return "open" if now_s < self.opened_at_s + self.pause_s else "half_open"

    def opens_in_s(self, now_s: float) -> float:
        """Return the seconds until probes may go; 0 unless it is open."""
        return max(0.0, self.opened_at_s + self.pause_s - now_s) if self.opened_at_s is not None else 0.0

    def answered(self, *, began_s: float) -> None:
        """Note an answer; one to a call from before it opened says nothing about now."""
        if self.opened_at_s is None or began_s >= self.opened_at_s + self.pause_s:
            self.in_a_row, self.opened_at_s, self.pause_s = 0, None, PAUSE_S

    def failed(self, *, began_s: float, now_s: float) -> None:
        """Note a failure: one too many in a row opens, a failed probe opens for longer."""
        self.in_a_row += 1
        if self.opened_at_s is None:
            if self.in_a_row >= self.failures:
                self.opened_at_s = now_s
        elif began_s >= self.opened_at_s + self.pause_s:
            self.opened_at_s, self.pause_s = now_s, min(MOST_PAUSE_S, self.pause_s * 2)
