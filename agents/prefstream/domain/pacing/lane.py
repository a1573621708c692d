"""A lane: all that decides when the next call to one model of one provider may go."""

from dataclasses import dataclass, field
from typing import Literal

from prefstream.domain.pacing.breaker import PROBES, Breaker
from prefstream.domain.pacing.bucket import Bucket
from prefstream.domain.pacing.hedging import Latencies
from prefstream.domain.pacing.outcomes import Outcome
from prefstream.domain.pacing.pace import Pace
from prefstream.domain.pacing.window import Window

#: Seconds of rest when a provider that is asked one thing at a time still objects; doubled each time.
REST_S = 1.0
MOST_REST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Whether a call may go now."""

    light: Literal["go", "wait", "shut"]
    #: Seconds after which to look again; `None`: when a call ends.
    again_in_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A call under way, and what was set aside for it."""

    began_s: float
    tokens: int


_GO = Signal(light="go")
_WHEN_ONE_ENDS = Signal(light="wait")


@dataclass(slots=True, kw_only=True)
class Lane:
    """Concurrency, rates, rest and breaker of one model, as one decision."""

    window: Window
    breaker: Breaker = field(default_factory=Breaker)
    pace: Pace = field(default_factory=Pace)
    requests: Bucket | None = None
    tokens: Bucket | None = None
    latencies: Latencies = field(default_factory=Latencies)
    under_way: int = 0
    rests_until_s: float = 0.0
    rest_s: float = REST_S

    def signal(self, tokens: int, *, now_s: float) -> Signal:
        """Return whether a call that needs so many tokens may go now."""
        state = self.breaker.state(now_s)
        if state == "open":
            return Signal(light="shut", again_in_s=self.breaker.opens_in_s(now_s))
        if now_s < self.rests_until_s:
            return Signal(light="wait", again_in_s=self.rests_until_s - now_s)
        places = min(PROBES, self.window.places) if state == "half_open" else self.window.places
        if self.under_way >= places:
            return _WHEN_ONE_ENDS
        wait_s = self.pace.wait_s(now_s=now_s)
        if self.requests is not None:
            wait_s = max(wait_s, self.requests.wait_s(1, now_s=now_s))
        if self.tokens is not None:
            wait_s = max(wait_s, self.tokens.wait_s(tokens, now_s=now_s))
        return Signal(light="wait", again_in_s=wait_s) if wait_s > 0 else _GO

    def begin(self, tokens: int, *, now_s: float) -> Passage:
        """Let a call go."""
        self.under_way += 1
        self.pace.went(window=self.window.size, first=self.window.doubles, now_s=now_s)
        if self.requests is not None:
            self.requests.take(1, now_s=now_s)
        if self.tokens is not None:
            self.tokens.take(tokens, now_s=now_s)
        return Passage(began_s=now_s, tokens=tokens)

    def end(self, passage: Passage, outcome: Outcome, *, now_s: float) -> None:
        """Learn from how a call ended."""
        before, self.under_way = self.under_way, self.under_way - 1
        if self.tokens is not None and outcome.tokens is not None:
            self.tokens.settle(reserved=passage.tokens, used=outcome.tokens)
        match outcome.kind:
            case "nothing" if self.requests is not None:
                # It was queued or put off, not asked.
                self.requests.settle(reserved=1, used=0)
            case "answered":
                self.latencies.add(now_s - passage.began_s)
                self.pace.answered(now_s - passage.began_s)
                self.window.answered(under_way=before)
                self.breaker.answered(began_s=passage.began_s)
                self.rest_s = REST_S
            case "objected":
                self._objected(passage, outcome, now_s)
            case "failed":
                self.breaker.failed(began_s=passage.began_s, now_s=now_s)

    def retry_after_s(self, now_s: float) -> float:
        """Return when a call that could not go should come again."""
        return max(self.breaker.opens_in_s(now_s), self.rests_until_s - now_s, REST_S)

    def _objected(self, passage: Passage, outcome: Outcome, now_s: float) -> None:
        # It answered: it is not down, only busy.
        self.breaker.answered(began_s=passage.began_s)
        at_the_least = self.window.places == 1
        cut = self.window.objected(began_s=passage.began_s, now_s=now_s)
        if outcome.retry_after_s is not None:
            self.rests_until_s = max(self.rests_until_s, now_s + outcome.retry_after_s)
        elif cut and at_the_least:
            self.rests_until_s = max(self.rests_until_s, now_s + self.rest_s)
            self.rest_s = min(MOST_REST_S, self.rest_s * 2)
