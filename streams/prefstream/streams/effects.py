"""Effects: calls performed once, their answers journalled before they are used."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg
import orjson
import structlog

from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.journal import record, recorded
from prefstream.adapters.postgres.verdicts import RecordedVerdicts
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.schemas.errors import Unavailable

log = structlog.get_logger(__name__)


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

    async def _performed(self, provider: Provider, call: Call) -> Answer:
        async with self.gate:
            try:
                answer = await asyncio.wait_for(provider.answer(call), self.deadline_s)
            except TimeoutError:
                detail = f"no answer within {self.deadline_s:.0f} s"
                return Failure(reason="deadline", detail=detail, transient=True)
            except Exception as error:  # noqa: BLE001  a provider's defect must not end every start
                # Not what it says: that may quote the key it was given.
                log.warning("provider.failed", provider=call.provider, kind=type(error).__name__)
                detail = f"{call.provider} raised {type(error).__name__}"
                return Failure(reason="defect", detail=detail, transient=True)
        return await self._journalled(call, answer) if isinstance(answer, Reply) else answer

    async def _journalled(self, call: Call, reply: Reply) -> Answer:
        try:
            return await record(self.pool, call, reply)
        except orjson.JSONEncodeError as error:
            # Half an emoji where a model was cut off, a number without end: no JSON that can be kept.
            detail = f"{call.provider}: the answer cannot be kept: {error}"
            return Failure(reason="unreadable_answer", detail=detail, transient=True)


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
