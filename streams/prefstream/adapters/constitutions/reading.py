"""From a file to a constitution: every finding is located; only one without errors is handed on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import orjson
from pydantic import ValidationError

from prefstream.adapters.constitutions.documents import Document, NotYaml, Place, read_document
from prefstream.adapters.constitutions.structure import CASES, structure_findings, unknown_fields
from prefstream.domain.constitution.findings import Finding, Path, error, path_text, warning
from prefstream.domain.constitution.lint import lint
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.errors import BadInput

#: Largest file read, in bytes. A constitution that people can apply is far smaller, and as an event it
#: must fit into a record.
MAX_BYTES = 400_000
#: Beside the constitution a file may say that nobody has worked it over yet.
DRAFT = "draft"
_TOLD = 10
_PLACEHOLDER = {"prompt": "prompt", "better": "better", "worse": "worse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A finding and where in the file it is, counted from 1."""

    line: int
    column: int
    finding: Finding

    def __str__(self) -> str:
        """Return place, field and message in one line."""
        path = path_text(self.finding.path)
        return f"{self.line}:{self.column}: {path + ': ' if path else ''}{self.finding.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text says: a constitution unless an error is among the findings."""

    where: str
    constitution: Constitution | None
    findings: tuple[Located, ...]
    #: The file says of itself that it is a draft; such a one is not published.
    draft: bool = False

    @property
    def errors(self) -> tuple[Located, ...]:
        """Return the findings that keep it from being used."""
        return tuple(located for located in self.findings if located.finding.level == "error")


def load_constitution(path: FilePath) -> Constitution:
    """Return the constitution that a YAML file states.

    Raises:
        BadInput: The file cannot be read, is not YAML, does not state a constitution or says that it
            is a draft. The message names file, line and field.
    """
    reading = read_file(path)
    if reading.draft:
        raise BadInput(
            f"{path}: this is a draft; read and edit every clause, then take the line `{DRAFT}: true` out"
        )
    return sound(reading)


def parse_constitution(text: str, *, where: str) -> Constitution:
    """Return the constitution that YAML text states.

    Args:
        text: The YAML.
        where: What to call the source in messages.

    Raises:
        BadInput: Not YAML, or not a constitution.
    """
    return sound(read_text(text, where=where))


def read_file(path: FilePath) -> Reading:
    """Return what a YAML file says, with all findings.

    Raises:
        BadInput: The file cannot be read as text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise BadInput(f"{path}: the constitution cannot be read: {problem.strerror}") from problem
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path}: the constitution is larger than {MAX_BYTES:,} bytes; shorten it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadInput(f"{path}: not UTF-8 at byte {problem.start}; save the file as UTF-8") from problem
    return read_text(text, where=str(path))


def read_text(text: str, *, where: str) -> Reading:
    """Return what YAML text says, with all findings."""
    try:
        document = read_document(text)
    except NotYaml as problem:
        fix = "correct the YAML; texts with colons or quotes go best after `>-` on a line of their own"
        finding = error("not-yaml", (), f"not YAML: {problem}", fix)
        return _reading(where, None, [finding], at=problem.place)
    if not isinstance(document.content, dict):
        said = document.content
        kind = "empty" if said is None else f"a {type(said).__name__}"
        finding = error(
            "not-a-mapping",
            (),
            f"a constitution is a mapping (name, version, ...); this is {kind}",
            "begin with `prefstream constitution new FILE`",
        )
        return _reading(where, None, [finding])
    return _read_mapping(document, where)


def _read_mapping(document: Document, where: str) -> Reading:
    content = {key: value for key, value in document.content.items() if key != DRAFT}
    draft = document.content.get(DRAFT, False)
    findings = [] if isinstance(draft, bool) else [_not_a_flag(draft)]
    if draft is True:
        said = "this is a draft that nobody has worked over; it will not be published"
        findings.append(
            warning("draft", (DRAFT,), said, "read and edit every clause, then take this line out")
        )
    constitution, more = _checked(content)
    return _reading(where, constitution, [*findings, *more], document=document, draft=draft is not False)


def _checked(content: dict[str, Any]) -> tuple[Constitution | None, Sequence[Finding]]:
    """Return the constitution, if it has the right shape, and all findings."""
    try:
        constitution = _validated(content)
    except ValidationError as problems:
        found = tuple(structure_findings(problems))
        return None, (*found, *_beyond_missing_cases(content, found))
    except TypeError as problem:
        said = f"the constitution holds what JSON cannot say: {problem}"
        return None, (error("not-json", (), said, "use text, numbers, lists and mappings with text as keys"),)
    unknown = tuple(unknown_fields(content, constitution.model_dump(mode="json")))
    return constitution, (*unknown, *lint(constitution))


def _beyond_missing_cases(content: dict[str, Any], found: Sequence[Finding]) -> Sequence[Finding]:
    """Return what else is wrong when all that the shape lacks is cases; else nothing can be said."""
    lacking = {finding.path for finding in found}
    if any(len(path) != 3 or path[0] != "principles" or path[2] not in CASES for path in lacking):
        return ()
    principles = [dict(principle) for principle in content["principles"]]
    for _, i, field in lacking:
        cases = principles[int(i)].get(str(field)) or []
        if not isinstance(cases, list):
            return ()
        principles[int(i)][str(field)] = [*cases, *[_PLACEHOLDER] * CASES[str(field)]]
    _, more = _checked(content | {"principles": principles})
    return more


def _validated(content: dict[str, Any]) -> Constitution:
    # By way of JSON: in its strict mode a list may become a tuple and a text a member of an enum.
    return Constitution.model_validate_json(orjson.dumps(content))


def _reading(
    where: str,
    constitution: Constitution | None,
    findings: Iterable[Finding],
    *,
    document: Document | None = None,
    at: Place | None = None,
    draft: bool = False,
) -> Reading:
    def place(path: Path) -> Place:
        return document.place(path) if document else at or (1, 1)

    located = [(place(finding.path), finding) for finding in findings]
    found = tuple(
        Located(line=line, column=column, finding=finding)
        for (line, column), finding in sorted(located, key=lambda one: one[0])
    )
    wrong = any(one.finding.level == "error" for one in found)
    return Reading(where=where, constitution=None if wrong else constitution, findings=found, draft=draft)


def _not_a_flag(said: object) -> Finding:
    return error(
        "wrong-value", (DRAFT,), f"draft is true or false, not {said!r}", "write true or take it out"
    )


def sound(reading: Reading) -> Constitution:
    """Return the constitution that was read, draft or not.

    Raises:
        BadInput: An error is among the findings.
    """
    if reading.constitution is None:
        raise BadInput(refusal_of(reading))
    return reading.constitution


def refusal_of(reading: Reading) -> str:
    """Return why a text is no constitution, in one line."""
    errors = reading.errors
    if len(errors) == 1:
        return f"{reading.where}:{errors[0]}; {errors[0].finding.fix}"
    told = "; ".join(f"line {located}" for located in errors[:_TOLD])
    more = f"; and {len(errors) - _TOLD} more" if len(errors) > _TOLD else ""
    return f"{reading.where}: not a constitution: {told}{more}"
