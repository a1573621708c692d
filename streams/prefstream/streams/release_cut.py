"""Cutting a release: a draft, its gates, its papers, its place, and word of it.

Everything in the folder but where and when it was cut is a function of the plan and of the events below
the position. It appears in one step, and is said after that: whoever is interrupted in between says it
by cutting again, which finds the same folder there.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir

from prefstream.adapters.files.release_checking import findings
from prefstream.adapters.files.release_folder import ReleaseFolder
from prefstream.adapters.files.release_spool import Spool
from prefstream.domain.releases import manifest
from prefstream.domain.releases.manifest import FileFacts
from prefstream.schemas.errors import BadInput, PrefstreamError
from prefstream.schemas.releases import GateResult
from prefstream.streams.release_documents import papers
from prefstream.streams.release_drafting import Draft, Told, Wanted, drafted


class GatesFailed(PrefstreamError):
    """A gate failed, and nobody answers for it."""

    def __init__(self, results: Sequence[GateResult]) -> None:
        told = [_failure(one) for one in results]
        super().__init__("\n".join(["the release is blocked, and nothing was written:", *told]))
        self.results = tuple(results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A release that was written."""

    release_id: str
    folder: Path
    draft: Draft
    #: SHA-256 by path, of what two cuts of the same content have in common.
    files: Mapping[str, str]
    #: Whether the folder was not there before.
    fresh: bool


async def cut(dsn: str, wanted: Wanted, told: Told, *, now: datetime) -> Cut:
    """Write a release and put it in its place.

    Raises:
        GatesFailed: A gate fails that nobody answers for; nothing is left on the disk.
        BadInput: The plan, the position, an override or the folder cannot be used, or nothing is chosen.
        Unavailable: The database does not answer, or there is no room on the disk.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(ReleaseFolder(wanted.out))
        spool = stack.enter_context(Spool(folder.spool))
        draft, files = await drafted(dsn, wanted, spool, folder, told)
        if draft.gates.blocked:
            raise GatesFailed(draft.gates.blocked)
        return _finished(folder, draft, files, now)


async def measured(dsn: str, wanted: Wanted, told: Told) -> Draft:
    """Return what a release would be, with its gates, and write none.

    Raises:
        BadInput: The plan, the position or an override cannot be used, or nothing is chosen.
        Unavailable: The database does not answer, or there is no room for what is put aside.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(ReleaseFolder(Path(gettempdir())))
        spool = stack.enter_context(Spool(folder.spool))
        draft, _ = await drafted(dsn, wanted, spool, None, told)
    return draft


def _finished(folder: ReleaseFolder, draft: Draft, files: dict[str, FileFacts], now: datetime) -> Cut:
    plan, code_version = draft.plan, version("prefstream")
    for path, content in papers(draft, files, code_version):
        files[path] = folder.write(path, content)
    release_id = manifest.release_id(plan, files)
    said = manifest.manifest(plan, files, draft.counts, code_version)
    files[manifest.MANIFEST] = folder.write(manifest.MANIFEST, said)
    common = {path: facts.digest for path, facts in sorted(files.items())}
    target = folder.parent / release_id
    if target.exists():
        _check_same(target, common)
        return Cut(release_id=release_id, folder=target, draft=draft, files=common, fresh=False)
    beside = {
        manifest.POSITION: manifest.position_document(release_id, draft.position),
        manifest.OPENLINEAGE: manifest.open_lineage(
            release=release_id,
            plan=plan,
            position=draft.position,
            gates=draft.gates.results,
            cut_at=now,
            version=code_version,
        ),
    }
    for path, content in beside.items():
        files[path] = folder.write(path, content)
    folder.write(manifest.SUMS, manifest.sums(files))
    placed = folder.finish(release_id)
    return Cut(release_id=release_id, folder=placed, draft=draft, files=common, fresh=True)


def _check_same(target: Path, files: Mapping[str, str]) -> None:
    """Make sure that a folder that is there already is the release that would be put there."""
    if found := findings(target, recorded=files):
        raise BadInput(
            f"{target} is there already and is not what it says: {found[0]}; move it away, then cut again"
        )


def _failure(one: GateResult) -> str:
    where = f" of {one.slice}" if one.slice is not None else ""
    return f"  {one.gate}{where}: {one.shortfall or one.reason}" + (f"; {one.remedy}" if one.remedy else "")
