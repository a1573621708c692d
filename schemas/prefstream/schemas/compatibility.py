"""Whether a changed contract still reads what was written under the old one.

The rule is backward compatibility: readers are upgraded before writers, and the log keeps what was
said years ago. A change is incompatible when a document that fitted the old schema would not fit
the new one, or when something a reader could rely on is gone.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prefstream.schemas.errors import BadInput

Schema = Mapping[str, Any]

#: Name of the document that holds the topics.
_TOPICS = "asyncapi"
_TYPES = ("string", "number", "integer", "boolean", "null", "array", "object")
#: Bounds that a new version may only lower, and those it may only raise.
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_FIXED = ("pattern", "format")


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """Return what a JSON Schema takes away from readers of documents written under an older one.

    Args:
        old: The released schema.
        new: The schema that is to take its place.

    Returns:
        One finding a line, each beginning with the path of the field; empty if `new` reads all.

    >>> incompatibilities({"type": "string"}, {"type": "string", "maxLength": 3})
    ['the document: maxLength tightened from none to 3']
    """
    # Branches of a union may stumble over the same thing.
    return list(dict.fromkeys(_Comparison(old_root=old, new_root=new).between("", old, new)))


def contract_incompatibilities(
    released: Mapping[str, Schema],
    present: Mapping[str, Schema],
    *,
    upcasts: Collection[tuple[str, int]] = (),
) -> list[str]:
    """Return what a contract takes away from readers of the released one.

    Args:
        released: Documents by name, e.g. `PairJudged.v1`, and `asyncapi` for the topics.
        present: The documents that are to take their place.
        upcasts: Event type and version of every older document that this build can read.
    """
    found: list[str] = []
    for name, document in released.items():
        if name == _TOPICS:
            found += _topic_findings(document, present.get(_TOPICS, {}))
        elif name in present:
            found += [f"{name}: {finding}" for finding in incompatibilities(document, present[name])]
        else:
            found += _version_findings(name, present, upcasts)
    return found


def _version_findings(
    name: str, present: Mapping[str, Schema], upcasts: Collection[tuple[str, int]]
) -> Iterator[str]:
    """Yield why an older version of an event can no longer be read."""
    event, version = _parted(name)
    newest = max((number for other, number in map(_parted, present) if other == event), default=None)
    if newest is None:
        yield f"{name}: the event is gone"
    elif newest < version:
        yield f"{name}: the present version is the older {newest}"
    else:
        for number in range(version, newest):
            if (event, number) not in upcasts:
                yield f"{name}: no upcaster reads version {number}"


def _parted(name: str) -> tuple[str, int]:
    event, _, version = name.partition(".v")
    return event, int(version or 0)


def _topic_findings(old: Schema, new: Schema) -> Iterator[str]:
    for name, channel in old.get("channels", {}).items():
        present = new.get("channels", {}).get(name)
        if present is None:
            yield f"topic {name}: removed"
            continue
        for message in channel.get("messages", {}):
            if message not in present.get("messages", {}):
                yield f"topic {name}: no longer carries {message}"
        for what, was, now in _layouts(channel, present):
            if was != now:
                yield f"topic {name}: {what} changed from {was} to {now}"


def _layouts(old: Schema, new: Schema) -> Iterator[tuple[str, Any, Any]]:
    """Yield what must stay as it is: the order of a key hangs on key and partitions."""
    was, now = (channel.get("bindings", {}).get("kafka", {}) for channel in (old, new))
    yield "key", old.get("x-key"), new.get("x-key")
    yield "partitions", was.get("partitions"), now.get("partitions")
    policies = [layout.get("topicConfiguration", {}).get("cleanup.policy") for layout in (was, now)]
    yield "cleanup.policy", policies[0], policies[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """A walk through two schemas at once; references are resolved in their own roots."""

    old_root: Schema
    new_root: Schema
    #: References on the way here; a pair met again is already being compared.
    seen: frozenset[tuple[str, str]] = frozenset()

    def between(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        references = (old.get("$ref", ""), new.get("$ref", ""))
        if references in self.seen:
            return
        inner = self._entered(references)
        if "default" in old and old["default"] != new.get("default", old["default"]):
            yield f"{_at(path)}: default changed from {old['default']!r} to {new['default']!r}"
        candidates = _alternatives(_resolved(new, self.new_root), self.new_root)
        for one in _alternatives(_resolved(old, self.old_root), self.old_root):
            yield from inner.accepted(path, one, candidates)

    def _entered(self, references: tuple[str, str]) -> "_Comparison":
        if not any(references):
            return self
        seen = self.seen | {references}
        return _Comparison(old_root=self.old_root, new_root=self.new_root, seen=seen)

    def accepted(self, path: str, old: Schema, candidates: list[Schema]) -> Iterator[str]:
        """Yield why none of the candidates reads what `old` allowed, in terms of the nearest."""
        for kind in sorted(_kinds(old), key=_TYPES.index):
            fitting = [new for new in candidates if _reads(new, kind)]
            if not fitting:
                yield f"{_at(path)}: {kind} is no longer accepted"
                continue
            findings = [list(self.constraints(path, old, new)) for new in fitting]
            yield from min(findings, key=len)

    def constraints(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from _value_findings(path, old, new)
        yield from _bound_findings(path, old, new)
        yield from self.fields(path, old, new)
        for keyword, step in (("items", "[]"), ("additionalProperties", "{}")):
            inner_old, inner_new = _inner(old, keyword), _inner(new, keyword)
            if inner_new is None:
                if inner_old is not None:
                    yield f"{_at(path + step)}: no longer allowed"
            elif inner_old is not None and inner_new:
                yield from self.between(path + step, inner_old, inner_new)

    def fields(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        was, now = old.get("properties", {}), new.get("properties", {})
        for name in was:
            where = f"{path}.{name}".lstrip(".")
            if name not in now:
                yield f"{where}: removed"
            else:
                yield from self.between(where, was[name], now[name])
        for name in new.get("required", ()):
            if name not in old.get("required", ()):
                yield f"{path}.{name}".lstrip(".") + ": newly required"


def _at(path: str) -> str:
    return path or "the document"


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: Any = root
    for step in reference.removeprefix("#/").split("/"):
        if not isinstance(target, Mapping) or step not in target:
            raise BadInput(f"the schema refers to {reference}, which it does not hold; export it again")
        target = target[step]
    return _resolved(target, root)


def _alternatives(schema: Schema, root: Schema) -> list[Schema]:
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches is None:
        return [schema]
    return [inner for branch in branches for inner in _alternatives(_resolved(branch, root), root)]


def _kinds(schema: Schema) -> set[str]:
    kinds = schema.get("type", _TYPES)
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _reads(schema: Schema, kind: str) -> bool:
    kinds = _kinds(schema)
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema.get("enum")


def _value_findings(path: str, old: Schema, new: Schema) -> Iterator[str]:
    was, now = _values(old), _values(new)
    if now is None:
        return
    if was is None:
        yield f"{_at(path)}: only {now} are accepted now"
        return
    for value in was:
        if value not in now:
            yield f"{_at(path)}: {value!r} is no longer accepted"


def _bound_findings(path: str, old: Schema, new: Schema) -> Iterator[str]:
    for keyword in (*_LOWER, *_UPPER, *_FIXED):
        was, now = old.get(keyword), new.get(keyword)
        if now is not None and _tightens(keyword, was, now):
            word = "changed" if keyword in _FIXED else "tightened"
            yield f"{_at(path)}: {keyword} {word} from {'none' if was is None else was} to {now}"


def _tightens(keyword: str, was: Any, now: Any) -> bool:
    if was is None or keyword in _FIXED:
        return bool(was != now)
    return bool(now > was if keyword in _LOWER else now < was)


def _inner(schema: Schema, keyword: str) -> Schema | None:
    """Return the schema of the elements; `{}` allows anything, `None` nothing."""
    inner = schema.get(keyword, {})
    if inner is False:
        return None
    return {} if inner is True else inner
