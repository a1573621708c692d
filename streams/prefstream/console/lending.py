"""Lending: the next task for a person, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import leases
from prefstream.adapters.postgres.console.leases import Asker, Drafted, Pick
from prefstream.adapters.settings import Settings
from prefstream.console.leased import leased_task
from prefstream.console.parts import Parts
from prefstream.console.principals import Principal
from prefstream.console.problems import Problem
from prefstream.console.quality_port import Quality, Turn
from prefstream.domain.tasks import INFORMED, MOST_LEASES, Lease, Times, Wish, sides_of, takes_oldest, wish_of
from prefstream.schemas.ids import derived_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a person asks for."""

    #: `None`: whatever is most urgent.
    rounds: Sequence[str] | None = None
    slices: Sequence[str] | None = None
    #: One more although one is held, to have it ready.
    ahead: bool = False


def times_of(settings: Settings) -> Times:
    """Return how long things hold."""
    console = settings.console
    return Times(
        lease_s=console.lease_s,
        heartbeat_s=console.heartbeat_s,
        undo_s=console.undo_s,
        grace_s=console.grace_s,
    )


async def next_task(parts: Parts, principal: Principal, order: Order) -> dict[str, Any] | None:
    """Return the document of the next task; `None`: there is nothing to do.

    Raises:
        Problem: The person may not work now (403).
    """
    times = times_of(parts.settings)
    async with parts.pool.acquire() as connection:
        async with connection.transaction():
            asker = await _admitted(connection, principal)
            lender = _Lender(
                connection=connection,
                quality=parts.quality,
                times=times,
                asker=asker,
                wish=wish_of(asker.worker, rounds=order.rounds, slices=order.slices),
                lease_id=derived_id("lease", parts.secret()),
            )
            held = await lender.given_back(ahead=order.ahead) or await lender.lent()
            if held is None:
                return None
            asides = await parts.quality.asides(connection, asker.worker, asker.now)
        return await leased_task(connection, principal, held, times=times, asides=asides)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lender:
    """One turn of one person."""

    connection: Connection
    quality: Quality
    times: Times
    asker: Asker
    wish: Wish
    #: Of the lease to be.
    lease_id: str

    async def given_back(self, *, ahead: bool) -> Drafted | None:
        """Return what the person holds already and asks for, so that a reload goes on where it was."""
        held = await leases.held_by(self.connection, self.asker.worker.person_id)
        wanted = [one for one in held if self._fits(one.lease)]
        if len(held) >= MOST_LEASES and not wanted:
            # What was put aside for another page; its draft waits for the person.
            for one in held:
                await leases.release(self.connection, one.lease)
        if not wanted or (ahead and len(held) < MOST_LEASES):
            return None
        again = wanted[-1 if ahead else 0]
        expires_at = await leases.extend(self.connection, again.lease.lease_id, lease_s=self.times.lease_s)
        return replace(again, lease=replace(again.lease, expires_at=expires_at))

    async def lent(self) -> Drafted | None:
        """Lend what comes next; a question between the work where it is its turn."""
        if self.asker.overdue:
            await leases.reap(self.connection)
        pick = await self._pick()
        turn = await self._turn(pick)
        if turn is not None:
            return await self._lend(turn.pair_id, "annotate", turn.slice, turn=turn)
        if pick is None:
            return None
        return await self._lend(pick.pair_id, pick.round, pick.slice, fills=pick.room == 1)

    def _fits(self, lease: Lease) -> bool:
        slices = self.wish.slices
        return lease.round in self.wish.rounds and (slices is None or lease.slice in slices)

    async def _pick(self) -> Pick | None:
        """Find work: what holds up others, else what would do the person good, else anything."""
        worker, wish = self.asker.worker, self.wish
        if takes_oldest(self.lease_id):
            return await leases.pick(self.connection, worker, wish, oldest=True)
        informed = replace(wish, rounds=tuple(one for one in wish.rounds if one in INFORMED))
        others = replace(wish, rounds=tuple(one for one in wish.rounds if one not in INFORMED))
        tries = [informed, others] if informed.rounds == wish.rounds[: len(informed.rounds)] else [wish]
        if others.rounds and len(tries) == 2:
            preferred = await self.quality.prefer(self.connection, worker, wish.slices)
            if preferred is not None and (wish.slices is None or preferred in wish.slices):
                tries.insert(1, replace(others, slices=(preferred,)))
        for one in tries:
            if one.rounds and (found := await leases.pick(self.connection, worker, one, oldest=False)):
                return found
        return None

    async def _turn(self, pick: Pick | None) -> Turn | None:
        """Ask quality for a question in the place of annotation; where there is none, only what is left."""
        if "annotate" not in self.wish.rounds or (pick is not None and pick.round != "annotate"):
            return None
        slices = [] if pick is None else [pick.slice]
        return await self.quality.turn(self.connection, self.asker.worker, slices, self.asker.now)

    async def _lend(
        self, pair_id: str, round_name: str, slice_name: str, *, turn: Turn | None = None, fills: bool = False
    ) -> Drafted:
        return await leases.lend(
            self.connection,
            lease_id=self.lease_id,
            worker=self.asker.worker,
            pair_id=pair_id,
            round_name=round_name,
            slice_name=slice_name,
            purpose=turn.purpose if turn else "work",
            sides=sides_of(self.lease_id),
            lease_s=self.times.lease_s,
            fills=fills,
        )


async def _admitted(connection: Connection, principal: Principal) -> Asker:
    asker = await leases.asker_named(connection, principal.person_id)
    if asker is None:
        raise Problem(403, "nobody of that name is known any more; ask an administrator")
    if asker.kept_out is not None:
        raise Problem(403, asker.kept_out, kind="paused")
    return asker
