"""What a stand-in says: values that a JSON schema allows, drawn from the request alone."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

_WORDS = re.compile(r"\S+")
#: How deep a schema may nest before values are cut short; recursive schemas would never end.
MAX_DEPTH = 8
#: Most entries of a list that has one entry per value of an enumeration.
MAX_ENTRIES = 64
_QUOTED_WORDS = 6
#: Schemas whose rules are kept.
_MAX_KEPT = 256
_NONE: Mapping[str, Any] = {}


class Draw:
    """Numbers and words for one request; the same request draws the same."""

    __slots__ = ("_prompt", "_state", "_words")

    def __init__(self, digest: bytes, prompt: str) -> None:
        self._state = int.from_bytes(digest[:8])
        self._prompt = prompt
        self._words: Sequence[str] | None = None

    def below(self, count: int) -> int:
        """Return a whole number from 0 to `count` - 1."""
        # Knuth's linear congruential generator: many times as fast as `random`, and good enough here.
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self._state >> 33) % count

    def quote(self, count: int) -> str:
        """Return some words of the prompt's end, which holds what it is about."""
        words = self._words
        if words is None:
            words = self._words = _WORDS.findall(self._prompt[-2000:]) or ("nothing",)
        start = self.below(len(words))
        return " ".join(words[start : start + count])

    def prose(self, count: int = 12) -> str:
        """Return a sentence that names itself as a stand-in's."""
        return f"Stand-in answer: {self.quote(count)}."


Rule = Callable[[Draw], Any]


def _nothing(_draw: Draw) -> None:
    return None


class Rules:
    """Makes rules from schemas and keeps them: the same schema comes with every request."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Rule] = {}

    def rule(self, schema: Mapping[str, Any]) -> Rule:
        """Return what draws a value of the schema; patterns and formats of strings are not followed."""
        key = orjson.dumps(schema)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            found = self._kept[key] = _rule(schema, schema, name="", depth=0)
        return found


def _rule(schema: Any, root: Mapping[str, Any], *, name: str, depth: int) -> Rule:
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return _nothing
    schema = _resolved(schema, root)
    if "const" in schema or schema.get("enum"):
        return _one_of([schema["const"]] if "const" in schema else schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return _any_of([_rule(one, root, name=name, depth=depth + 1) for one in choices])
    told = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(told, list):
        return _any_of([_rule({**schema, "type": one}, root, name=name, depth=depth + 1) for one in told])
    if told in ("object", "array"):
        return _object(schema, root, depth) if told == "object" else _array(schema, root, name, depth)
    return _scalar(schema, str(told), name)


def _one_of(values: Sequence[Any]) -> Rule:
    count = len(values)
    return lambda draw: values[draw.below(count)]


def _any_of(rules: Sequence[Rule]) -> Rule:
    return (lambda draw: rules[draw.below(len(rules))](draw)) if rules else _nothing


def _object(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Rule:
    parts = schema.get("properties") or _NONE
    rules = [(name, _rule(part, root, name=name, depth=depth + 1)) for name, part in parts.items()]
    return lambda draw: {name: rule(draw) for name, rule in rules}


def _array(schema: Mapping[str, Any], root: Mapping[str, Any], name: str, depth: int) -> Rule:
    items = _resolved(schema.get("items") or _NONE, root)
    least, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", MAX_ENTRIES))
    rule = _rule(items, root, name=name, depth=depth + 1)
    named = _enumerated(items, root)
    if named is None:
        return lambda draw: [rule(draw) for _ in range(max(least, min(1 + draw.below(3), most)))]
    # A list of objects that each name one of some things has an entry for each of them.
    key, values = named
    count = max(least, min(len(values), most, MAX_ENTRIES))
    said = [values[place % len(values)] for place in range(count)]
    return lambda draw: [{**rule(draw), key: value} for value in said]


def _scalar(schema: Mapping[str, Any], kind: str, name: str) -> Rule:
    match kind:
        case "string":
            return _string(schema, name)
        case "integer":
            low, high = _whole_bounds(schema)
            return lambda draw: low + draw.below(high - low + 1)
        case "number":
            start, end = _bounds(schema)
            return lambda draw: start + (end - start) * draw.below(1000) / 1000
        case "boolean":
            return lambda draw: draw.below(2) == 1
    return _nothing


def _string(schema: Mapping[str, Any], name: str) -> Rule:
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    if "quote" in name.lower():
        return lambda draw: draw.quote(_QUOTED_WORDS).ljust(least, ".")[:most]
    return lambda draw: draw.prose().ljust(least, ".")[:most]


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema with its reference followed and its `allOf` joined."""
    for _ in range(MAX_DEPTH):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        schema = _pointed(root, reference)
    joined: dict[str, Any] = {}
    for part in schema.get("allOf") or ():
        joined |= _resolved(part, root)
    return {**joined, **schema} if joined else schema


def _pointed(root: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part, _NONE) if isinstance(found, Mapping) else _NONE
    return found if isinstance(found, Mapping) else _NONE


def _enumerated(items: Mapping[str, Any], root: Mapping[str, Any]) -> tuple[str, Sequence[Any]] | None:
    """Return the first property of the items if it is an enumeration, with its values."""
    name, part = next(iter((items.get("properties") or _NONE).items()), ("", None))
    values = _resolved(part, root).get("enum") if isinstance(part, Mapping) else None
    return (name, values) if values else None


def _bounds(schema: Mapping[str, Any]) -> tuple[float, float]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    high = schema.get("maximum", schema.get("exclusiveMaximum", max(1, low + 1)))
    # A thousandth inside: an exclusive bound is none of the values.
    return float(low) + (high - low) / 1000, float(high)


def _whole_bounds(schema: Mapping[str, Any]) -> tuple[int, int]:
    low = math.ceil(schema["minimum"]) if "minimum" in schema else None
    if low is None:
        low = math.floor(schema["exclusiveMinimum"]) + 1 if "exclusiveMinimum" in schema else 0
    high = math.floor(schema["maximum"]) if "maximum" in schema else None
    if high is None:
        high = math.ceil(schema["exclusiveMaximum"]) - 1 if "exclusiveMaximum" in schema else low + 10
    return low, max(low, high)
