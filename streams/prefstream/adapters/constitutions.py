"""Constitutions as files: YAML in, a checked value out, errors that name the field."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
import yaml
from pydantic import ValidationError

from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.errors import BadInput

#: Largest file read, in bytes. A constitution that people can apply is far smaller.
MAX_BYTES = 1_000_000

_SHIPPED = "constitution.yaml"


def load_constitution(path: Path) -> Constitution:
    """Return the constitution that a YAML file states.

    Raises:
        BadInput: The file cannot be read, is not YAML or does not state a constitution. The
            message names the file and the field.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path}: the constitution cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path}: the constitution is larger than {MAX_BYTES} bytes; shorten it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error
    return parse_constitution(text, where=str(path))


@lru_cache(maxsize=1)
def shipped_constitution() -> Constitution:
    """Return the general constitution that comes with the package."""
    text = resources.files("prefstream.adapters.samples").joinpath(_SHIPPED).read_text(encoding="utf-8")
    return parse_constitution(text, where=_SHIPPED)


def parse_constitution(text: str, *, where: str) -> Constitution:
    """Return the constitution that YAML text states.

    Args:
        text: The YAML.
        where: What to call the source in messages.

    Raises:
        BadInput: Not YAML, or not a constitution; every finding is in the message.
    """
    document = _document(text, where)
    try:
        # By way of JSON: in its strict mode a list may become a tuple and a text a member of an enum.
        constitution = Constitution.model_validate_json(orjson.dumps(document))
    except ValidationError as error:
        raise _bad(where, _findings(error)) from error
    except TypeError as error:
        raise BadInput(f"{where}: the constitution holds what JSON cannot say: {error}") from error
    findings = [*_unknown(document, constitution.model_dump(mode="json"), ()), *_contradictions(constitution)]
    if findings:
        raise _bad(where, findings)
    return constitution


def _document(text: str, where: str) -> dict[str, Any]:
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506  (a SafeLoader, made stricter)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise BadInput(f"{where}{at}: not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadInput(f"{where}: not YAML: {error}") from error
    if not isinstance(document, dict):
        kind = "empty" if document is None else f"a {type(document).__name__}"
        raise BadInput(f"{where}: a constitution is a mapping (name, version, ...); this is {kind}")
    return document


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses duplicate keys (it would keep the last) and aliases (they can explode)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed; repeat it", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                problem = f"the key {name!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _bad(where: str, findings: Sequence[str]) -> BadInput:
    told = "; ".join(findings[:10])
    more = f"; and {len(findings) - 10} more" if len(findings) > 10 else ""
    return BadInput(f"{where}: not a constitution: {told}{more}")


def _findings(error: ValidationError) -> list[str]:
    """Return the innermost findings: what is wrong with a list because of its items says nothing new."""
    found = error.errors(include_url=False)
    outer = {finding["loc"][:depth] for finding in found for depth in range(len(finding["loc"]))}
    return [_told(finding) for finding in found if finding["loc"] not in outer]


def _told(finding: Any) -> str:
    numeric = finding["type"] == "string_type" and isinstance(finding["input"], int | float)
    hint = " (put it in quotes)" if numeric else ""
    return f"{_path(finding['loc']) or 'the file'}: {finding['msg']}{hint}"


def _path(location: Iterable[str | int]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".")


def _unknown(said: Any, understood: Any, location: tuple[str | int, ...]) -> list[str]:
    """Return what was said and not understood: a field with a typo must not be ignored."""
    if isinstance(said, dict) and isinstance(understood, dict):
        return [
            finding
            for key, value in said.items()
            for finding in (
                _unknown(value, understood[key], (*location, key))
                if key in understood
                else [f"{_path((*location, key))}: unknown field (known: {', '.join(understood)})"]
            )
        ]
    if isinstance(said, list) and isinstance(understood, list):
        paired = enumerate(zip(said, understood, strict=True))
        return [finding for i, (a, b) in paired for finding in _unknown(a, b, (*location, i))]
    return []


def _contradictions(constitution: Constitution) -> list[str]:
    clauses = [principle.id for principle in constitution.principles]
    rules = [rule.id for rule in constitution.curation]
    triggers = [trigger.id for trigger in constitution.escalation]
    twice = [
        f"{field}: the id {name!r} is given {count} times"
        for field, ids in (("principles", clauses), ("curation", rules), ("escalation", triggers))
        for name, count in Counter(ids).items()
        if count > 1
    ]
    dangling = [
        f"escalation[{i}].clause: {trigger.clause!r} is no principle (known: {', '.join(clauses)})"
        for i, trigger in enumerate(constitution.escalation)
        if trigger.clause not in clauses
    ]
    return [*twice, *dangling, *_bad_rules(constitution), *_bad_weights(constitution)]


def _bad_rules(constitution: Constitution) -> list[str]:
    findings = []
    for i, rule in enumerate(constitution.curation):
        if rule.pattern is not None:
            try:
                re.compile(rule.pattern, re.IGNORECASE)
            except re.error as error:
                findings.append(f"curation[{i}].pattern: not a regular expression: {error}")
        if not (rule.slice or rule.stakes or rule.tags or rule.set_aside):
            findings.append(f"curation[{i}]: gives nothing; state slice, stakes, tags or set_aside")
        if rule.pattern is None and not rule.any_tag:
            findings.append(f"curation[{i}]: matches everything; state pattern or any_tag")
    for i, trigger in enumerate(constitution.escalation):
        if not (trigger.any_tag or trigger.slices or trigger.stakes):
            findings.append(f"escalation[{i}]: never fires; state any_tag, slices or stakes")
    return findings


def _bad_weights(constitution: Constitution) -> list[str]:
    return [
        f"dimensions.{name}: the weight is {weight}, it must not be negative"
        for name, weight in constitution.dimensions.items()
        if weight < 0
    ]
