"""Manifests: what a release is made of, under which hash, and what it is called for that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from prefstream.domain.releases.position import Position, said
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.schemas.releases import GateResult, ReleasePlan

MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
POSITION: Final = "position.json"
OPENLINEAGE: Final = "openlineage.json"
#: Files beside the content: they say the id, which is the content's, or where and when it was cut.
BESIDE: Final = frozenset((MANIFEST, SUMS, POSITION, OPENLINEAGE))
#: Files that two cuts of the same content may say differently.
PASSING: Final = frozenset((SUMS, POSITION, OPENLINEAGE))
_DIGITS: Final = 16
_SCHEMA: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_NAMESPACE: Final = "prefstream"
_PRODUCER: Final = "https://github.com/prefstream/prefstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What is said of one file."""

    #: SHA-256 in hex.
    digest: str
    size_bytes: int
    #: `None`: it holds no rows.
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many there are of what."""

    #: Pairs of which anything was said below the position.
    candidates: int
    #: Pairs in the release.
    pairs: int
    #: Tasks that are no pairs in the release.
    tasks: int
    #: Groups of prompts that stay together.
    prompt_groups: int
    #: Pairs and tasks left out, by reason; with what is in they add up to the candidates.
    exclusions: Mapping[str, int]
    #: Rows by configuration and split.
    rows: Mapping[str, Mapping[str, int]]
    #: Pairs and answers without a row in a configuration, by reason.
    left_out: Mapping[str, Mapping[str, int]]
    #: Pairs by slice and split.
    slices: Mapping[str, Mapping[str, int]]


def release_id(plan: ReleasePlan, files: Mapping[str, FileFacts]) -> str:
    """Return what a release is called: its name, its version and the hash of its content.

    >>> release_id(ReleasePlan(name="helpful"), {"README.md": FileFacts(digest="0" * 64, size_bytes=1)})
    'helpful-1-09b420a998834313'
    """
    return f"{plan.name}-{plan.version}-{content_digest(files)}"


def content_digest(files: Mapping[str, FileFacts]) -> str:
    """Return the hash of the content, over the sorted lines of path and hash."""
    lines = [f"{path} {facts.digest}\n" for path, facts in sorted(files.items()) if path not in BESIDE]
    return sha256("".join(lines).encode()).hexdigest()[:_DIGITS]


def manifest(plan: ReleasePlan, files: Mapping[str, FileFacts], counts: Counts, version: str) -> bytes:
    """Return the manifest.

    Args:
        plan: What it was cut by.
        files: Its content.
        counts: How much there is.
        version: The version of prefstream that wrote it.
    """
    document = {
        "release_id": release_id(plan, files),
        "plan_id": plan.id,
        "plan": plan.model_dump(mode="json"),
        "code_version": version,
        "candidates": counts.candidates,
        "pairs": counts.pairs,
        "tasks": counts.tasks,
        "prompt_groups": counts.prompt_groups,
        "exclusions": dict(counts.exclusions),
        "rows": {config: dict(splits) for config, splits in counts.rows.items()},
        "left_out": {config: dict(reasons) for config, reasons in counts.left_out.items() if reasons},
        "slices": {name: dict(splits) for name, splits in counts.slices.items()},
        "files": {
            path: {"sha256": facts.digest, "bytes": facts.size_bytes}
            | ({} if facts.rows is None else {"rows": facts.rows})
            for path, facts in files.items()
            if path not in BESIDE
        },
    }
    return document_bytes(document)


def sums(files: Mapping[str, FileFacts]) -> bytes:
    """Return the list of all files with their hashes, as `sha256sum --check` reads it."""
    lines = [f"{facts.digest}  {path}\n" for path, facts in sorted(files.items()) if path != SUMS]
    return "".join(lines).encode()


def position_document(release: str, position: Position) -> bytes:
    """Return what was read for a release."""
    return document_bytes({"release_id": release, "position": said(position)})


def open_lineage(
    *,
    release: str,
    plan: ReleasePlan,
    position: Position,
    gates: Sequence[GateResult],
    cut_at: datetime,
    version: str,
) -> bytes:
    """Return the cut as an event of OpenLineage 2-0-2: what was read, what was written, and the gates."""
    producer = f"{_PRODUCER}/{version}"
    topics = sorted({topic for topic, _ in position})
    facets = {
        "version": _facet("DatasetVersion", producer, datasetVersion=release),
        "dataQualityAssertions": _facet(
            "DataQualityAssertions", producer, assertions=[_assertion(gate) for gate in gates]
        ),
    }
    run_id = derived_id("release-run", release, *[f"{key}={n}" for key, n in said(position).items()])
    return document_bytes(
        {
            "eventTime": cut_at.isoformat(),
            "producer": producer,
            "schemaURL": _SCHEMA,
            "eventType": "COMPLETE",
            "run": {"runId": run_id},
            "job": {"namespace": _NAMESPACE, "name": f"release.{plan.name}"},
            "inputs": [{"namespace": _NAMESPACE, "name": topic} for topic in topics],
            "outputs": [{"namespace": _NAMESPACE, "name": plan.name, "facets": facets}],
        }
    )


def sums_of(text: bytes) -> dict[str, str]:
    """Return the hash by path of a list of files.

    Raises:
        BadInput: It is no such list.
    """
    try:
        lines = [line.split("  ", 1) for line in text.decode().splitlines()]
        return {path: digest for digest, path in lines}
    except (UnicodeDecodeError, ValueError) as error:
        raise BadInput(f"{SUMS} is no list of files with their hashes") from error


def document_bytes(document: Any) -> bytes:
    """Return a document as the same bytes everywhere: keys sorted, two blanks, a line at the end."""
    option = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, option=option)


def _facet(name: str, producer: str, **facts: Any) -> dict[str, Any]:
    kind = f"{name}DatasetFacet"
    schema = f"https://openlineage.io/spec/facets/1-0-1/{kind}.json#/$defs/{kind}"
    return {"_producer": producer, "_schemaURL": schema, **facts}


def _assertion(gate: GateResult) -> dict[str, Any]:
    named = gate.gate if gate.slice is None else f"{gate.gate}:{gate.slice}"
    return {"assertion": named, "success": gate.passed}
