"""Limits: no call goes before its turn, and none where it would only be refused.

The shell around `prefstream.domain.pacing`: it holds the clock and lets calls wait. One lane for
each model of each provider; those that wait are served purpose by purpose.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from prefstream.adapters.settings import LimitSettings, ModelLimits
from prefstream.domain.pacing.bucket import Bucket
from prefstream.domain.pacing.lane import Lane, Passage, Signal
from prefstream.domain.pacing.outcomes import TOO_MANY, Outcome, outcome_of, tokens_of
from prefstream.domain.pacing.turns import Turns
from prefstream.domain.pacing.window import FIRST, Window
from prefstream.schemas.calls import Answer, Call, Failure

log = structlog.get_logger(__name__)

#: Added to every wait, so that who looks again does not come a moment too soon.
_TICK_S = 0.001
_ENDED = Outcome(kind="nothing")


@dataclass(slots=True, kw_only=True, eq=False)
class _Ticket:
    """Somebody who waits for their turn."""

    tokens: int
    turn: asyncio.Future[Passage | Failure]
    expiry: asyncio.TimerHandle | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class _Line:
    """A lane and those who wait for it."""

    name: str
    lane: Lane
    waiting: Turns[_Ticket] = field(default_factory=Turns)
    alarm: asyncio.TimerHandle | None = None


class Limits:
    """How fast each model is asked, for all calls of one process."""

    def __init__(
        self, settings: LimitSettings, *, in_flight: int, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with nothing under way.

        Args:
            settings: What the providers allow.
            in_flight: Calls under way at once, over all models.
            clock_s: Seconds of a clock that never goes back.
        """
        self._settings = settings
        self._in_flight = in_flight
        self._clock_s = clock_s
        self._lines: dict[str, _Line] = {}
        self._under_way = 0
        self._stopping = False

    def lane(self, call: Call) -> Lane:
        """Return what is known of the model that a call is for."""
        return self._line(call).lane

    async def turn(self, call: Call) -> "Turn | Failure":
        """Return once the call may go, or say when to come again.

        A failure that it returns waits, and counts as no attempt: nothing was asked.
        """
        if self._stopping:
            return _stopping(call)
        line = self._line(call)
        # Only where it matters: counting takes longer than all else here.
        tokens = tokens_of(call) if line.lane.tokens is not None else 0
        if not line.waiting:
            gone = self._tried(line, tokens)
            if gone is not None:
                return Turn(self, line, gone) if isinstance(gone, Passage) else gone
        passage = await self._waited(call, line, tokens)
        return Turn(self, line, passage) if isinstance(passage, Passage) else passage

    def stop(self) -> None:
        """Let nobody go any more, and tell those who wait to come again."""
        self._stopping = True
        for line in self._lines.values():
            while line.waiting:
                ticket = line.waiting.pop()
                if not ticket.turn.done():
                    ticket.turn.set_result(_not_now("stopping", "this process is stopping", 1.0))

    def end(self, line: _Line, passage: Passage, outcome: Outcome) -> None:
        """Learn from how a call ended, and let others go."""
        before = line.lane.breaker.opened_at_s
        line.lane.end(passage, outcome, now_s=self._clock_s())
        self._under_way -= 1
        if before is None and line.lane.breaker.opened_at_s is not None:
            log.warning("provider.left_alone", model=line.name, why=outcome.kind)
        elif before is not None and line.lane.breaker.opened_at_s is None:
            log.info("provider.back", model=line.name)
        self._pump(line)
        for other in [one for one in self._lines.values() if one.waiting and one is not line]:
            self._pump(other)

    def _line(self, call: Call) -> _Line:
        name = f"{call.provider}:{call.request.get('model', '')}"
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = _Line(name=name, lane=self._lane(name))
        return line

    def _lane(self, name: str) -> Lane:
        provider = name.partition(":")[0]
        models = self._settings.models
        told = models.get(name) or models.get(provider) or ModelLimits()
        ceiling = min(told.in_flight or self._in_flight, self._in_flight)
        return Lane(
            window=Window(ceiling=ceiling, size=FIRST),
            requests=Bucket(per_minute=told.requests_per_min) if told.requests_per_min else None,
            tokens=Bucket(per_minute=told.tokens_per_min) if told.tokens_per_min else None,
        )

    def _tried(self, line: _Line, tokens: int) -> Passage | Failure | None:
        """Let a call go if it may, refuse it if asking is in vain; `None` if it has to wait."""
        now_s = self._clock_s()
        signal = line.lane.signal(tokens, now_s=now_s)
        if signal.light == "shut":
            detail = f"{line.name} is left alone after failures in a row"
            return _not_now("left_alone", detail, signal.again_in_s or 1.0)
        if signal.light == "go" and self._under_way < self._in_flight:
            self._under_way += 1
            return line.lane.begin(tokens, now_s=now_s)
        if signal.again_in_s is not None:
            self._wake(line, signal)
        return None

    async def _waited(self, call: Call, line: _Line, tokens: int) -> Passage | Failure:
        loop = asyncio.get_running_loop()
        ticket = _Ticket(tokens=tokens, turn=loop.create_future())
        ticket.expiry = loop.call_later(self._settings.patience_s, self._expire, line, ticket)
        line.waiting.add(call.about.purpose, ticket)
        try:
            return await ticket.turn
        except asyncio.CancelledError:
            if ticket.turn.done() and not ticket.turn.cancelled():
                passage = ticket.turn.result()
                if isinstance(passage, Passage):
                    self.end(line, passage, _ENDED)
            raise
        finally:
            ticket.expiry.cancel()

    def _expire(self, line: _Line, ticket: _Ticket) -> None:
        if not ticket.turn.done():
            detail = f"no turn at {line.name} within {self._settings.patience_s:.0f} s"
            wait_s = line.lane.retry_after_s(self._clock_s())
            ticket.turn.set_result(_not_now("no_turn", detail, wait_s))

    def _pump(self, line: _Line) -> None:
        """Let those go whose turn it is."""
        while line.waiting:
            ticket = line.waiting.first()
            if not ticket.turn.done():
                gone = self._tried(line, ticket.tokens)
                if gone is None:
                    return
                ticket.turn.set_result(gone)
            line.waiting.pop()

    def _wake(self, line: _Line, signal: Signal) -> None:
        """Look again when time alone will have changed something."""
        if line.alarm is None and signal.again_in_s is not None:
            line.alarm = asyncio.get_running_loop().call_later(
                min(signal.again_in_s, self._settings.patience_s) + _TICK_S, self._woken, line
            )

    def _woken(self, line: _Line) -> None:
        line.alarm = None
        self._pump(line)


@dataclass(slots=True)
class Turn:
    """The right to make one call; whoever has it must end it."""

    limits: Limits
    line: _Line
    passage: Passage

    def ended(self, answer: Answer | None) -> None:
        """Give the place back; `None` is a call that was given up."""
        self.limits.end(self.line, self.passage, outcome_of(answer) if answer is not None else _ENDED)

    def told(self, answer: Answer) -> Answer:
        """Return what the stage is told: a refusal for being one too many waits, for nothing was done."""
        if not isinstance(answer, Failure) or answer.reason not in TOO_MANY:
            return answer
        wait_s = answer.retry_after_s or self.line.lane.retry_after_s(self.passage.began_s)
        return replace(answer, waiting=True, transient=True, retry_after_s=wait_s)


def _not_now(reason: str, detail: str, wait_s: float) -> Failure:
    said = f"{detail}; nothing was asked"
    return Failure(reason=reason, detail=said, transient=True, retry_after_s=wait_s, waiting=True)


def _stopping(call: Call) -> Failure:
    detail = f"this process is stopping; {call.provider} was not asked"
    return Failure(reason="stopping", detail=detail, transient=True, retry_after_s=1.0, waiting=True)
