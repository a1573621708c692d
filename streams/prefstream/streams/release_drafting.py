"""A draft of a release: everything below a position read, chosen, arranged, written and measured."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from prefstream.adapters.files.release_checking import findings
from prefstream.adapters.files.release_folder import ReleaseFolder, facts_of
from prefstream.adapters.files.release_shards import Shards
from prefstream.adapters.files.release_spool import Spool
from prefstream.adapters.postgres.connection import Connection, connect
from prefstream.adapters.postgres.releases import check_lead, sink_position
from prefstream.domain.gates.census import Census, census_of
from prefstream.domain.gates.gates import evaluated
from prefstream.domain.gates.overriding import Applied, applied
from prefstream.domain.releases import lineage
from prefstream.domain.releases.exclusions import REASONS
from prefstream.domain.releases.formats import FORMATS
from prefstream.domain.releases.manifest import Counts, FileFacts
from prefstream.domain.releases.position import Position, check_within
from prefstream.domain.releases.selection import check_plan, check_slices
from prefstream.domain.releases.splitting import arranged
from prefstream.schemas.errors import BadInput
from prefstream.schemas.policies import Policy
from prefstream.schemas.releases import GateOverride, ReleasePlan
from prefstream.streams.release_prompts import near_prompts
from prefstream.streams.release_reading import Gathered, gather
from prefstream.streams.release_writing import Target, Written, write_rows

#: Told what is done and how far it is.
Told = Callable[[str, int], None]
#: Where the figures that gates read lie in the folder of a release.
CENSUS = "census.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A release to be cut, or looked at."""

    plan: ReleasePlan
    #: The folder that releases stand in.
    out: Path
    by: str
    #: Up to where the log is read; `None`: as far as the archive holds it.
    position: Position | None = None
    overrides: tuple[GateOverride, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A release before it has its name."""

    plan: ReleasePlan
    position: Position
    counts: Counts
    gates: Applied
    census: Census
    #: Policies that routed the pairs, by id, as far as they were published.
    policies: Mapping[str, Policy]


async def drafted(
    dsn: str, wanted: Wanted, spool: Spool, folder: ReleaseFolder | None, told: Told
) -> tuple[Draft, dict[str, FileFacts]]:
    """Return a release before it has its name, and what is to be said of its data files.

    Args:
        dsn: The database.
        wanted: What is wanted.
        spool: Where chosen pairs are put aside.
        folder: Where data files go; `None`: only figures are wanted.
        told: Told how far it is.

    Raises:
        BadInput: The plan, the position or an override cannot be used, or nothing is chosen.
        Unavailable: The database does not answer, or there is no room on the disk.
    """
    plan = wanted.plan
    check_plan(plan)
    previous = _previous(wanted)
    gathered = Gathered(spool=spool)
    position = await _read(dsn, wanted, gathered, told)
    check_slices(plan, gathered.slices)
    _check_some(gathered.exclusions, rows=len(gathered.keys))
    near = near_prompts(gathered, plan.splits.near_duplicate)
    arrangement = arranged(gathered.keys, plan.splits, per_prompt=plan.pairs_per_prompt, near=near)
    with ExitStack() as stack:
        target = _target(stack, folder, plan)
        written = write_rows(gathered, arrangement, plan, target, partial(told, "writing"))
        files = target.shards.finish() if target.shards is not None else {}
        rows = target.shards.rows() if target.shards is not None else {}
    if folder is not None:
        files[lineage.PATH] = facts_of(folder.path / lineage.PATH)
    _check_some(gathered.exclusions + written.exclusions, rows=written.pairs + written.tasks)
    draft = Draft(
        plan=plan,
        position=position,
        counts=_counts(gathered, written, arrangement.groups, rows),
        gates=applied(evaluated(written.census, plan, previous), wanted.overrides),
        census=written.census,
        policies={name: gathered.policies[name] for name in written.policy_ids & gathered.policies.keys()},
    )
    return draft, files


async def _read(dsn: str, wanted: Wanted, gathered: Gathered, told: Told) -> Position:
    connection = await connect(dsn)
    try:
        # One moment's archive, however long it takes to read it.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await _check_overrides(connection, wanted)
            sink = await sink_position(connection)
            position = sink if wanted.position is None else wanted.position
            check_within(position, sink)
            await gather(connection, position, wanted.plan, gathered, partial(told, "reading"))
    finally:
        await connection.close()
    return position


async def _check_overrides(connection: Connection, wanted: Wanted) -> None:
    for person_id in sorted({one.by for one in wanted.overrides}):
        await check_lead(connection, person_id)


def _check_some(exclusions: Counter[str], *, rows: int) -> None:
    if rows:
        return
    told = [f"  {n:>9,} {_meaning(name)}" for name, n in exclusions.most_common()]
    why = "\n".join(told) or "  there is no pair at this position"
    raise BadInput(f"the release would have no row; what was left out, and why:\n{why}")


def _meaning(name: str) -> str:
    reason, _, detail = name.partition(": ")
    return f"{REASONS[reason]} ({detail})" if detail else REASONS[reason]


def _target(stack: ExitStack, folder: ReleaseFolder | None, plan: ReleasePlan) -> Target:
    if folder is None:
        return Target(shards=None, lineage=None)
    columns = {FORMATS[name].config_name: FORMATS[name].columns for name in plan.formats}
    shards = Shards(folder=folder, columns=columns, shard_rows=plan.shard_rows, kind=plan.files)
    stack.callback(shards.abandon)
    return Target(shards=shards, lineage=stack.enter_context(folder.opened(lineage.PATH)))


def _counts(
    gathered: Gathered, written: Written, groups: int, rows: Mapping[str, Mapping[str, int]]
) -> Counts:
    exclusions = gathered.exclusions + written.exclusions
    return Counts(
        candidates=gathered.candidates,
        pairs=written.pairs,
        tasks=written.tasks,
        prompt_groups=groups,
        exclusions=dict(sorted(exclusions.items())),
        rows=rows,
        left_out={config: dict(sorted(some.items())) for config, some in sorted(written.left_out.items())},
        slices={name: dict(sorted(some.items())) for name, some in sorted(written.slices.items())},
    )


def _previous(wanted: Wanted) -> Census | None:
    """Return the census of the release that the plan compares with."""
    named = wanted.plan.previous
    if named is None:
        return None
    folder = wanted.out / named
    if found := findings(folder):
        raise BadInput(f"the plan compares with {named}, but {folder} is not as it was cut: {found[0]}")
    document: dict[str, Any] = orjson.loads((folder / CENSUS).read_bytes())
    return census_of(document)
