"""Constitutions as files on a desk: begun, checked, compared and shown."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from prefstream.adapters.constitutions import Located, example_text, read_file, yaml_of
from prefstream.adapters.constitutions.editor import SCHEMA_FILE, schema_text, with_modeline
from prefstream.agents.judges.rubric import system_prompt
from prefstream.domain.constitution.annotators import document_of, markdown_of, rubric_of
from prefstream.domain.constitution.differences import Change, differences
from prefstream.domain.constitution.findings import path_text
from prefstream.domain.constitution.order import ranked
from prefstream.schemas.errors import BadInput
from prefstream.streams.constitution_versions import Version, find_version

Form = Literal["summary", "judge", "annotator", "yaml"]


def begin(file: Path, example: str) -> list[Path]:
    """Write an example as a new file, and beside it the schema for editors; return what was written.

    Raises:
        BadInput: There is no such example, or a file is in the way.
    """
    text = with_modeline(example_text(example), f"./{SCHEMA_FILE}")
    write_new(file, text)
    schema = file.parent / SCHEMA_FILE
    if schema.exists():
        return [file]
    write_new(schema, schema_text())
    return [file, schema]


def write_new(file: Path, text: str | None) -> None:
    """Write a file that is not there yet; without a text only make sure that it could be written.

    Raises:
        BadInput: It is there already, or its folder cannot be written.
    """
    if file.exists():
        raise BadInput(f"{file} is there already; name another file, or take it away first")
    if not file.parent.is_dir():
        raise BadInput(f"{file}: there is no folder {file.parent}; make it first")
    if text is None:
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}") from error


def lint_report(file: Path) -> dict[str, Any]:
    """Return all findings about a file.

    Raises:
        BadInput: The file cannot be read as text.
    """
    reading = read_file(file)
    return {
        "file": str(file),
        "constitution_id": reading.constitution.id if reading.constitution else None,
        "content_hash": reading.constitution.content_hash if reading.constitution else None,
        "draft": reading.draft,
        "errors": len(reading.errors),
        "warnings": len(reading.findings) - len(reading.errors),
        "findings": [_told(located) for located in reading.findings],
    }


async def diff_report(old: str | None, new: str) -> dict[str, Any]:
    """Return what changed from one version to another; without a name the old one is that in force."""
    after = (await find_version(new)).constitution
    before = (await find_version(old)).constitution
    return {
        "from": before.id,
        "to": after.id,
        "content_hash": {"from": before.content_hash, "to": after.content_hash},
        "changes": [change_document(change) for change in differences(before, after)],
        "judge_prompt_changes": system_prompt(before) != system_prompt(after),
    }


def change_document(change: Change) -> dict[str, Any]:
    """Return a change as it is printed."""
    return asdict(change) | {"details": list(change.details)}


def summary(version: Version) -> dict[str, Any]:
    """Return what a version is, in short."""
    constitution = version.constitution
    return {
        "constitution_id": constitution.id,
        "content_hash": constitution.content_hash,
        "title": constitution.title,
        "in_force": version.in_force,
        "published_at": version.published_at,
        "clauses": [{"id": one.id, "priority": one.priority} for one in ranked(constitution)],
        "escalation": [one.id for one in constitution.escalation],
        "curation": [one.id for one in constitution.curation],
        "dimensions": dict(constitution.dimensions),
    }


def shown(version: Version, form: Form) -> str:
    """Return a version in one of its forms."""
    constitution = version.constitution
    match form:
        case "judge":
            return system_prompt(constitution)
        case "annotator":
            return markdown_of(rubric_of(constitution))
        case "yaml":
            return yaml_of(constitution)
        case _:
            return "\n".join(_summary_lines(version))


def extra(version: Version, form: Form) -> dict[str, Any]:
    """Return what a form adds to the summary for machines: the text, and the annotators' rubric in parts."""
    if form == "summary":
        return {}
    text = {"text": shown(version, form)}
    rubric = {"rubric": document_of(rubric_of(version.constitution))} if form == "annotator" else {}
    return text | rubric


def _summary_lines(version: Version) -> list[str]:
    constitution = version.constitution
    when = version.published_at
    state = "in force" if version.in_force else "published before" if when else "a file"
    return [
        f"{constitution.id} ({state}{f', published {when:%Y-%m-%d %H:%M} UTC' if when else ''})",
        f"SHA-256 {constitution.content_hash}",
        constitution.title,
        *(f"  {rank}. {one.id}" for rank, one in enumerate(ranked(constitution), start=1)),
        f"escalation triggers: {', '.join(one.id for one in constitution.escalation) or 'none'}",
        f"curation rules: {len(constitution.curation)}",
    ]


def _told(located: Located) -> dict[str, Any]:
    finding = located.finding
    return {
        "line": located.line,
        "column": located.column,
        "level": finding.level,
        "code": finding.code,
        "path": path_text(finding.path),
        "message": finding.message,
        "fix": finding.fix,
    }
