"""Keys of owners in the database: made by the sink that seals with them, destroyed by whoever erases."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Final

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.sealing import unwrapped, wrapped
from prefstream.domain.erasure import Cipher, OwnerKey, erased_with
from prefstream.domain.erasure.sealed import ID_BYTES, KEY_BYTES
from prefstream.schemas.codec import ERASED
from prefstream.schemas.envelope import Event

#: Whoever seals holds it with others, whoever erases alone: nothing is sealed under a key while it goes.
_SHARED: Final = "select pg_advisory_xact_lock_shared(hashtextextended('prefstream.erasure', 7))"
ALONE: Final = "select pg_advisory_xact_lock(hashtextextended('prefstream.erasure', 7))"
_ERASED_SINCE: Final = "select n, owner from erased_owners where n > $1 order by n"
# In the order of their names, so that two sinks that bring the same ones never wait in a circle.
_INSERT: Final = """
insert into content_keys (key_id, owner, key, wrapped)
select i, o, k, $4 from unnest($1::bytea[], $2::text[], $3::bytea[]) with ordinality as u (i, o, k, place)
order by place on conflict (owner) do nothing returning owner
"""
_KNOWN: Final = "select owner, key_id, key, wrapped from content_keys where owner = any($1::text[])"
_DESTROY: Final = """
with said as (
  insert into erased_owners (owner, key_id)
  select u.owner, k.key_id from unnest($1::text[]) as u (owner) left join content_keys k using (owner)
  on conflict do nothing returning owner
)
delete from content_keys where owner = any($1::text[])
"""
#: Ciphers that a sink remembers: of about half a kilobyte each.
MOST: Final = 40_000


class Unprepared(Exception):
    """A record belongs to somebody whom its key does not tell."""


class Ring:
    """The ciphers of one batch."""

    __slots__ = ("_erased", "_keys", "gone", "late")

    def __init__(self, keys: Mapping[str, tuple[OwnerKey, Cipher]] | None, erased: Collection[str]) -> None:
        """Take the keys by owner (`None`: nothing is sealed), and whose content was erased."""
        self._keys = keys
        self._erased = erased
        #: Owners that turned out to be erased with their prompt.
        self.gone: set[str] = set()
        #: Owners of what came after it was erased.
        self.late: set[str] = set()

    def sealed(
        self, owners: Sequence[str], event_id: bytes, value: bytes, event: Event | None
    ) -> tuple[bytes, bytes | None]:
        """Return what the archive keeps of a value, and its digest; of an erased one it keeps `ERASED`.

        Raises:
            Unprepared: The key of an owner was not asked for.
        """
        if not owners:
            return value, None
        if self._erased and self._is_erased(owners, event):
            self.late.update(owners)
            return ERASED, sha256(value).digest()
        keys = self._keys
        if keys is None:
            return value, None
        try:
            cipher = keys[owners[0]][1] if len(owners) == 1 else Cipher.of([keys[one][0] for one in owners])
        except KeyError:
            raise Unprepared from None
        return cipher.sealed(event_id, value)

    def _is_erased(self, owners: Sequence[str], event: Event | None) -> bool:
        if any(owner in self._erased or owner in self.gone for owner in owners):
            return True
        if event is None or erased_with(event) not in self._erased:
            return False
        self.gone.update(owners)
        return True


class Keys:
    """The keys of one sink: made where an owner is new, remembered once the batch is committed."""

    def __init__(
        self,
        *,
        sealing: bool = True,
        master: bytes | None = None,
        random: Callable[[int], bytes] = os.urandom,
        most: int = MOST,
    ) -> None:
        """Take how to seal.

        Args:
            sealing: Whether to; else only what was erased is looked after.
            master: The deployment's own key.
            random: Where keys come from.
            most: Ciphers that are remembered.
        """
        self._sealing = sealing
        self._master = master
        self._random = random
        self._most = most
        self._kept: dict[str, tuple[OwnerKey, Cipher]] = {}
        #: Of the batch under way: what is rolled back must not be remembered, for its keys are nowhere.
        self._fresh: dict[str, tuple[OwnerKey, Cipher]] = {}
        self._erased: set[str] = set()
        self._seen = 0

    async def prepared(self, connection: Connection, owners: Collection[str]) -> Ring:
        """Return the ciphers of a batch.

        Args:
            connection: In the transaction that archives; nothing is erased until it ends.
            owners: Whose content the batch holds.
        """
        await connection.execute(_SHARED)
        # The statement after the lock sees what was erased before it.
        for row in await connection.fetch(_ERASED_SINCE, self._seen):
            self._seen = row["n"]
            self._erased.add(row["owner"])
            self._kept.pop(row["owner"], None)
        self._fresh.clear()
        if not self._sealing:
            return Ring(None, self._erased)
        found = {owner: self._kept[owner] for owner in owners if owner in self._kept}
        missing = sorted({*owners} - found.keys() - self._erased)
        if missing:
            self._fresh |= await self._made(connection, missing)
        return Ring(found | self._fresh, self._erased)

    def keep(self) -> None:
        """Remember the keys of the last batch: it is committed."""
        self._kept |= self._fresh
        self._fresh.clear()
        if len(self._kept) > self._most:
            for owner in list(self._kept)[: len(self._kept) - self._most // 2]:
                del self._kept[owner]

    async def _made(
        self, connection: Connection, owners: Sequence[str]
    ) -> dict[str, tuple[OwnerKey, Cipher]]:
        entropy, size = self._random((ID_BYTES + KEY_BYTES) * len(owners)), ID_BYTES + KEY_BYTES
        parts = [entropy[at : at + size] for at in range(0, len(entropy), size)]
        made = {
            owner: OwnerKey(part[:ID_BYTES], part[ID_BYTES:])
            for owner, part in zip(owners, parts, strict=True)
        }
        master = self._master
        stored = [one.key if master is None else wrapped(one, master) for one in made.values()]
        rows = await connection.fetch(
            _INSERT, [one.key_id for one in made.values()], list(made), stored, master is not None
        )
        new = {row["owner"] for row in rows}
        others = [owner for owner in owners if owner not in new]
        known = {row["owner"]: row for row in await connection.fetch(_KNOWN, others)} if others else {}
        keys = {owner: made[owner] for owner in new} | {
            owner: OwnerKey(row["key_id"], self._plain(row)) for owner, row in known.items()
        }
        return {owner: (key, Cipher.of([key])) for owner, key in keys.items()}

    def _plain(self, row: asyncpg.Record) -> bytes:
        key: bytes = row["key"]
        return unwrapped(row["key_id"], key, self._master) if row["wrapped"] else key


async def destroy(connection: Connection, owners: Collection[str]) -> int:
    """Destroy the keys of owners and say so; return how many there were.

    Args:
        connection: In a transaction that holds the lock `ALONE`.
        owners: Whose.
    """
    said: str = await connection.execute(_DESTROY, sorted(owners))
    return int(said.rsplit(maxsplit=1)[-1])
