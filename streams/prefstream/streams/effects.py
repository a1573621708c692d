"""Effects: calls performed once, their answers journalled before they are used."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg

from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.journal import record, recorded
from prefstream.adapters.postgres.verdicts import RecordedVerdicts
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.schemas.errors import Unavailable


class Provider(Protocol):
    """Whoever performs calls of one kind; it answers, it does not raise."""

    async def answer(self, call: Call) -> Answer:
        """Perform one call."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalledEffects:
    """Performs calls through their providers, at most `in_flight` at once, and journals answers."""

    pool: asyncpg.Pool
    providers: Mapping[str, Provider]
    in_flight: int
    deadline_s: float
    gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gate", asyncio.Semaphore(self.in_flight))

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
            known = await recorded(self.pool, [call.request_id])
            return known.get(call.request_id) or await self._performed(provider, call)
        except AWAY as error:
            raise Unavailable(f"the journal cannot be reached: {error or type(error).__name__}") from error

    async def _performed(self, provider: Provider, call: Call) -> Answer:
        async with self.gate:
            try:
                answer = await asyncio.wait_for(provider.answer(call), self.deadline_s)
            except TimeoutError:
                detail = f"no answer within {self.deadline_s:.0f} s"
                return Failure(reason="deadline", detail=detail, transient=True)
        if isinstance(answer, Reply):
            return await record(self.pool, call.request_id, call.provider, answer)
        return answer


class RecordedProvider:
    """Answers from the verdicts that were brought in; look-ups made at once become one read."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._verdicts = RecordedVerdicts(pool)
        self._waiting: list[tuple[Call, asyncio.Future[Answer]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def answer(self, call: Call) -> Answer:
        """Return the votes recorded for the pair, or that there are none."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, future))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return await future

    async def _read(self) -> None:
        await asyncio.sleep(0)  # let everyone of this batch queue up
        waiting, self._waiting, self._reading = self._waiting, [], None
        try:
            for judge in sorted({str(call.request["judge"]) for call, _ in waiting}):
                await self._read_judge(judge, [one for one in waiting if one[0].request["judge"] == judge])
        except AWAY as error:
            away = Unavailable(f"recorded verdicts cannot be read: {error or type(error).__name__}")
            for _, future in waiting:
                if not future.done():
                    future.set_exception(away)

    async def _read_judge(self, judge: str, waiting: Sequence[tuple[Call, asyncio.Future[Answer]]]) -> None:
        found = await self._verdicts.get(judge, [str(call.request["pair_id"]) for call, _ in waiting])
        for call, future in waiting:
            votes = found.get(str(call.request["pair_id"]))
            if not future.done():
                future.set_result(_reply(judge, call, votes))


def _reply(judge: str, call: Call, votes: Sequence[object] | None) -> Answer:
    if votes is None:
        detail = f"judge {judge} has no recorded verdict on pair {call.request['pair_id']}"
        return Failure(reason="no_recorded_verdict", detail=detail, transient=False)
    return Reply(content={"votes": votes}, at_ms=0)
