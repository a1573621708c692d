"""Effects: calls performed once, their answers journalled before they are used."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncpg
import structlog

from prefstream.adapters.models.exchange import now_ms
from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.journal import Entry, Journal, Unkeepable, entry_of
from prefstream.adapters.postgres.verdicts import RecordedVerdicts
from prefstream.adapters.settings import LimitSettings
from prefstream.adapters.tracing import Tracing
from prefstream.domain.pacing.hedging import hedge_after_s
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.schemas.errors import Unavailable
from prefstream.streams.hedging import first_of_two
from prefstream.streams.limits import Limits

log = structlog.get_logger(__name__)


class Provider(Protocol):
    """Whoever performs calls of one kind; it answers, it does not raise."""

    async def answer(self, call: Call) -> Answer:
        """Perform one call."""
        ...


class Purse(Protocol):
    """Whoever watches the money."""

    async def admit(self, call: Call) -> Failure | None:
        """Set money aside for a call; a failure that waits where there is none left."""
        ...

    def priced(self, call: Call, reply: Reply) -> Reply:
        """Return the reply with what it cost in `cost_nanousd`."""
        ...

    async def settled(self, call: Call, reply: Reply | None) -> None:
        """Give back what was set aside beyond what the call cost; `None` is a call without a reply."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class JournalledEffects:
    """Performs calls through their providers, each once, and journals answers before they are used.

    A call goes: the journal, where a known answer is free; the purse; its turn among the limits; its
    provider; the journal again; the purse again. Calls that are asked twice at once share one answer.
    """

    pool: asyncpg.Pool
    providers: Mapping[str, Provider]
    in_flight: int
    deadline_s: float
    purse: Purse | None = None
    settings: LimitSettings = field(default_factory=LimitSettings)
    #: Makes spans, where somebody traces.
    tracing: Tracing | None = None
    journal: Journal = field(init=False)
    limits: Limits = field(init=False)
    _under_way: dict[str, asyncio.Future[Answer | None]] = field(init=False, default_factory=dict)
    _late: set[asyncio.Task[None]] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.journal = Journal(self.pool)
        self.limits = Limits(self.settings, in_flight=self.in_flight)

    async def answer(self, call: Call) -> Answer:
        """Return the journalled answer, or perform the call and journal it.

        Raises:
            Unavailable: The journal cannot be read or written.
        """
        provider = self.providers.get(call.provider)
        if provider is None:
            return Failure(
                reason="no_provider", detail=f"no provider {call.provider!r} is set", transient=False
            )
        if not call.journalled:
            return await provider.answer(call)
        try:
            return await self._once(provider, call)
        except AWAY as error:
            raise Unavailable(f"the journal cannot be reached: {error or type(error).__name__}") from error

    async def answers(self, calls: Sequence[Call]) -> Mapping[str, Answer]:
        """Return the answers to calls that this machine answers at once, by request id.

        Raises:
            Unavailable: Recorded verdicts cannot be read.
        """
        found: dict[str, Answer] = {}
        by_provider = {call.provider: [c for c in calls if c.provider == call.provider] for call in calls}
        for name, of_provider in by_provider.items():
            provider = self.providers.get(name)
            if isinstance(provider, RecordedProvider):
                found |= await provider.answers(of_provider)
            else:
                found |= {call.request_id: await self.answer(call) for call in of_provider}
        return found

    async def stop_with(self, stop: asyncio.Event) -> None:
        """Once `stop` is set, let no call go any more; those under way may end."""
        await stop.wait()
        self.limits.stop()

    async def aclose(self) -> None:
        """Return when everything that was answered is in the journal."""
        self.limits.stop()
        await asyncio.gather(*self._late, return_exceptions=True)
        await self.journal.done()

    async def _once(self, provider: Provider, call: Call) -> Answer:
        """Return the answer of whoever asked the same first, or ask."""
        while (before := self._under_way.get(call.request_id)) is not None:
            shared = await asyncio.shield(before)
            if shared is not None:
                return shared
        mine = asyncio.get_running_loop().create_future()
        self._under_way[call.request_id] = mine
        answer: Answer | None = None
        try:
            answer = await self.journal.read(call.request_id) or await self._performed(provider, call)
            return answer
        finally:
            # Without an answer somebody else who waits asks again.
            del self._under_way[call.request_id]
            mine.set_result(answer)

    async def _performed(self, provider: Provider, call: Call) -> Answer:
        if getattr(provider, "queues", False):
            # It only queues the call for a batch: money and limits are asked when that is sent.
            return await self._provided(provider, call)
        after_s = hedge_after_s(
            self.limits.lane(call).latencies, hedging=self.settings.hedge, deadline_s=self.deadline_s
        )
        if after_s is None:
            answer = await self._attempt(provider, call)
        else:
            answer = await self._first_of_two(provider, call, after_s)
        return await self._kept(call, answer, call.request_id) if isinstance(answer, Reply) else answer

    async def _first_of_two(self, provider: Provider, call: Call, after_s: float) -> Answer:
        """Ask again where the answer is slow; the answer that comes second is paid and kept apart."""
        answer, late = await first_of_two(lambda: self._attempt(provider, call), after_s=after_s)
        if late is not None:
            keeping = asyncio.create_task(self._kept_late(call, late))
            self._late.add(keeping)
            keeping.add_done_callback(self._late.discard)
        return answer

    async def _kept_late(self, call: Call, late: Awaitable[Answer]) -> None:
        answer = await late
        if isinstance(answer, Reply):
            await self._kept(call, answer, f"{call.request_id}:hedge")

    async def _attempt(self, provider: Provider, call: Call) -> Answer:
        """Perform a call that the purse admits, in its turn; without a reply nothing stays set aside."""
        refused = await self.purse.admit(call) if self.purse else None
        if refused is not None:
            return refused
        answer: Answer | None = None
        try:
            answer = await self._in_turn(provider, call)
            return answer
        finally:
            if self.purse and not isinstance(answer, Reply):
                await self.purse.settled(call, None)

    async def _in_turn(self, provider: Provider, call: Call) -> Answer:
        turn = await self.limits.turn(call)
        if isinstance(turn, Failure):
            return turn
        answer: Answer | None = None
        try:
            answer = await self._provided(provider, call)
        finally:
            turn.ended(answer)
        return _heard(turn.told(answer))

    async def _provided(self, provider: Provider, call: Call) -> Answer:
        if self.tracing is None:
            return await self._in_time(provider, call)
        with self.tracing.calling(call) as span:
            answer = await self._in_time(provider, call)
            span.answered(answer)
            return answer

    async def _in_time(self, provider: Provider, call: Call) -> Answer:
        try:
            async with asyncio.timeout(self.deadline_s):
                return await provider.answer(call)
        except TimeoutError:
            detail = f"no answer within {self.deadline_s:.0f} s"
            return Failure(reason="deadline", detail=detail, transient=True)
        except Exception as error:  # noqa: BLE001  a provider's defect must not end every start
            # Not what it says: that may quote the key it was given.
            log.warning("provider.failed", provider=call.provider, kind=type(error).__name__)
            detail = f"{call.provider} raised {type(error).__name__}"
            return Failure(reason="defect", detail=detail, transient=True)

    async def _kept(self, call: Call, reply: Reply, request_id: str) -> Answer:
        """Journal a reply under an id and return the one that holds."""
        priced = self.purse.priced(call, reply) if self.purse else reply
        try:
            return await self.journal.write(_entry(call, priced, request_id))
        finally:
            # It was paid for, kept or not.
            if self.purse:
                await self.purse.settled(call, priced)


def _heard(answer: Answer) -> Answer:
    """Return an answer that came and cannot be read as a reply that says so.

    Kept in the journal it is the same for a redelivery and a replay, and is not paid for again.
    """
    if not isinstance(answer, Failure) or answer.reason != "unreadable_answer":
        return answer
    return Reply(content=_unreadable(answer.detail), at_ms=now_ms())


def _entry(call: Call, priced: Reply, request_id: str) -> Entry:
    try:
        return entry_of(call, priced, request_id=request_id)
    except Unkeepable as error:
        cost = priced.content.get("cost_nanousd")
        known = {"cost_nanousd": cost} if isinstance(cost, int) else {}
        kept = _unreadable(f"{call.provider}: {error}") | known
        return entry_of(call, Reply(content=kept, at_ms=priced.at_ms), request_id=request_id)


def _unreadable(why: str) -> dict[str, Any]:
    return {"text": "", "tool": None, "stop": "unreadable", "model": "", "usage": {}, "why": why}


class RecordedProvider:
    """Answers from the verdicts that were brought in."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._verdicts = RecordedVerdicts(pool)

    async def answer(self, call: Call) -> Answer:
        """Return the votes recorded for the pair, or that there are none."""
        return (await self.answers([call]))[call.request_id]

    async def answers(self, calls: Sequence[Call]) -> Mapping[str, Answer]:
        """Return the recorded votes of many pairs in one read per judge.

        Raises:
            Unavailable: The database is away.
        """
        pairs: dict[str, list[str]] = {}
        for call in calls:
            pairs.setdefault(str(call.request["judge"]), []).append(str(call.request["pair_id"]))
        try:
            votes = {judge: await self._verdicts.get(judge, ids) for judge, ids in pairs.items()}
        except AWAY as error:
            raise Unavailable(f"recorded verdicts cannot be read: {error or type(error).__name__}") from error
        return {
            call.request_id: _reply(call, votes[str(call.request["judge"])].get(str(call.request["pair_id"])))
            for call in calls
        }


def _reply(call: Call, votes: Sequence[object] | None) -> Answer:
    if votes is None:
        detail = f"judge {call.request['judge']} has no recorded verdict on pair {call.request['pair_id']}"
        return Failure(reason="no_recorded_verdict", detail=detail, transient=False)
    return Reply(content={"votes": votes}, at_ms=0)
