"""Evidence about the archive of a running deployment: checkpoints, proofs, and checks of what is stored."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any
from uuid import UUID

from prefstream.adapters.evidence.signing import Signer, signer_of
from prefstream.adapters.postgres import evidence
from prefstream.adapters.postgres.archived import archived
from prefstream.adapters.postgres.connection import Connection, connect
from prefstream.adapters.postgres.evidence import StoredCheckpoint, TreeName
from prefstream.adapters.settings import Settings
from prefstream.domain.evidence.checkpoints import Checkpoint, TreeHead, checkpoint_of
from prefstream.domain.evidence.findings import Finding
from prefstream.domain.evidence.merkle import consistency_proof, consistent, inclusion_proof
from prefstream.domain.evidence.proofs import InclusionProof
from prefstream.schemas.errors import BadInput
from prefstream.streams.evidence_check import Progress, checked_tree
from prefstream.streams.places import find_places

#: Findings that are told one by one; the others are counted.
TOLD = 1000


def signer() -> Signer:
    """Return who signs the checkpoints of this deployment."""
    settings = Settings()
    path = settings.evidence.key_file or settings.folder / "evidence.key"
    return signer_of(path, settings.evidence.origin)


async def new_checkpoint() -> StoredCheckpoint:
    """Sign what the trees hold now, after making sure that they begin with what was signed before.

    Raises:
        BadInput: A tree does not begin with what the last checkpoint signed.
    """
    async with _reading(writing=True) as connection:
        return await _checkpointed(connection, signer())


async def prove(written: str) -> str:
    """Return the proof that an event stands in the log, by its id or by that of its pair.

    Raises:
        BadInput: There is no such event, or the archive has no tree over it.
    """
    async with _reading(writing=True) as connection:
        event_id = await _event_id(connection, written)
        found = await evidence.leaf_of(connection, event_id)
        if found is None:
            raise BadInput(
                f"the archive has no leaf for the event {event_id}; `prefstream audit verify` says more"
            )
        name, leaf = found
        last = await _covering(connection, name, leaf.number)
        size = signer().read(last.note).trees[name].size
        hashes = await evidence.hashes(
            connection, name, lambda tree: inclusion_proof(leaf.number, size, tree)
        )
        record = (await archived(connection, [event_id]))[event_id]
    return InclusionProof(
        record=record.record, digest=record.digest, leaf=leaf.number, hashes=hashes, checkpoint=last.note
    ).written


async def checked(
    *, topic: str | None, first: int, end: int | None, tell: Callable[[Progress], None]
) -> dict[str, Any]:
    """Return what a check of the archive against its trees and its checkpoints found.

    Args:
        topic: Only this topic; `None`: all.
        first: The first offset that is checked, in each partition.
        end: The offset where the check ends; `None`: at the end.
        tell: Is told how far it is.
    """
    findings: list[Finding] = []
    async with _reading() as connection:
        heads = await evidence.heads(connection)
        chosen = {name: head for name, head in heads.items() if topic in (None, name[0])}
        if topic is not None and not chosen:
            raise BadInput(
                f"the archive has nothing of {topic!r}; it has {', '.join(sorted({n for n, _ in heads}))}"
            )
        progress = Progress(total=sum(head.size for head in chosen.values()), tell=tell)
        for name, head in chosen.items():
            findings += await checked_tree(connection, name, head, first=first, end=end, progress=progress)
        signed = await _checked_checkpoints(connection)
    findings += signed
    kinds = {
        kind: sum(one.kind == kind for one in findings) for kind in ("missing", "changed", "added", "tree")
    }
    return {
        "records": progress.done,
        "trees": len(chosen),
        "sound": not findings,
        "counts": kinds,
        "findings": [{"kind": one.kind, "where": one.where, "what": one.what} for one in findings[:TOLD]],
    }


@asynccontextmanager
async def _reading(*, writing: bool = False) -> AsyncIterator[Connection]:
    places = find_places(Settings())
    connection = await connect(places.dsn.get_secret_value())
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=not writing):
            yield connection
    finally:
        await connection.close()


async def _event_id(connection: Connection, written: str) -> UUID:
    resolution = await connection.fetchval("select resolution_id from pairs where pair_id = $1", written)
    if isinstance(resolution, UUID):
        return resolution
    try:
        return UUID(written)
    except ValueError:
        raise BadInput(f"{written!r} is neither the id of an event nor that of a pair with a label") from None


async def _covering(connection: Connection, name: TreeName, number: int) -> StoredCheckpoint:
    """Return the newest checkpoint if it covers a leaf, else a new one."""
    last = await evidence.last_checkpoint(connection)
    if last is not None:
        head = signer().read(last.note).trees.get(name)
        if head is not None and number < head.size:
            return last
    return await _checkpointed(connection, signer())


async def _checkpointed(connection: Connection, by: Signer) -> StoredCheckpoint:
    checkpoint = checkpoint_of(by.name, await evidence.heads(connection))
    if not checkpoint.trees:
        raise BadInput("the archive is empty: there is nothing to sign yet")
    last = await evidence.last_checkpoint(connection)
    if last is not None:
        broken = await _inconsistent(connection, by.read(last.note), checkpoint)
        if broken:
            raise BadInput(f"nothing was signed: {broken[0].where} {broken[0].what}")
        if last.root == checkpoint.root:
            return last
    note = by.note(checkpoint)
    at = await connection.fetchval("select now()")
    number = await evidence.keep_checkpoint(connection, at, checkpoint.root, note)
    return StoredCheckpoint(number, at, checkpoint.root, note)


async def _checked_checkpoints(connection: Connection) -> list[Finding]:
    """Return what is wrong with the checkpoints, each against the next, and the last against the trees."""
    by, findings, signed = signer(), [], []
    for stored in await evidence.checkpoints(connection):
        try:
            signed.append(by.read(stored.note))
        except BadInput as error:
            findings.append(Finding(kind="tree", where=f"checkpoint {stored.n}", what=str(error)))
    now = checkpoint_of(by.name, await evidence.heads(connection))
    for before, after in pairwise([*signed, now]):
        findings += await _inconsistent(connection, before, after)
    return findings


async def _inconsistent(connection: Connection, before: Checkpoint, after: Checkpoint) -> list[Finding]:
    findings = []
    for name, old in before.trees.items():
        new = after.trees.get(name)
        if new is None or new.size < old.size or not await _begins(connection, name, old, new):
            what = f"does not begin with the {old.size} leaves that were signed before"
            findings.append(Finding(kind="tree", where=f"{name[0]}/{name[1]}", what=what))
    return findings


async def _begins(connection: Connection, name: TreeName, old: TreeHead, new: TreeHead) -> bool:
    try:
        proof = await evidence.hashes(
            connection, name, lambda tree: consistency_proof(old.size, new.size, tree)
        )
    except KeyError:
        return False
    return consistent(old.size, new.size, (old.root, new.root), proof)
