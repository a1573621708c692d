"""Hypothesis strategies for events, built from the models themselves."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from prefstream.schemas.demonstrations import TaskKind

M = TypeVar("M", bound=BaseModel)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_IDENTIFIER = _TEXT.filter(lambda text: bool(text) and not text[0].isspace())
_UUID = st.uuids().map(str)
_OFFSETS = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-9, minutes=-30))])
# Hypothesis wants its bounds naive.
_INSTANT = st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1), timezones=_OFFSETS)  # noqa: DTZ001
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    NoneType: st.none(),
    AwareDatetime: _INSTANT,
    datetime: _INSTANT,
}


_HASHES = st.lists(st.binary(min_size=8, max_size=8), max_size=3).map(
    lambda hashes: b64encode(b"".join(hashes)).decode()
)
#: Fields whose values must agree with others, or are texts of a form that no type tells.
_OWN: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("ProtectedSetPublished", "part"): st.just(1),
    ("ProtectedSetPublished", "prompts"): _HASHES,
    ("ProtectedSetPublished", "grams"): _HASHES,
    ("PairSketch", "prompt"): st.integers(0, 2**64 - 1).map("{:016x}".format),
    ("OverlapPolicy", "fewest"): st.integers(1, 2),
    ("OverlapPolicy", "most"): st.integers(2, 99),
    ("ReliabilityPublished", "fingerprint"): st.integers(0, 2**256 - 1).map("{:064x}".format),
    ("ReleasePlan", "version"): st.sampled_from(("1", "2026.11", "0.1-rc.1")),
}


def _task(fields: dict[str, Any]) -> dict[str, Any]:
    """Give a task the kind that goes with its candidates."""
    candidates = len(fields.get("candidates", ()))
    kinds = {0: (TaskKind.DEMONSTRATION, TaskKind.SAFETY), 1: tuple(TaskKind)[1:]}
    fitting = kinds.get(candidates, (TaskKind.RANKING,))
    return fields | {"kind": fields["kind"] if fields["kind"] in fitting else fitting[0]}


def _ranking(fields: dict[str, Any]) -> dict[str, Any]:
    """Let a ranking speak of the candidates that it ranks."""
    places = range(len(fields["ranks"]))
    unfit = tuple(place for place in fields.get("unacceptable", ()) if place in places)
    shown = tuple(reversed(places)) if fields.get("shown") else ()
    return fields | {"unacceptable": unfit, "shown": shown}


def _safety(fields: dict[str, Any]) -> dict[str, Any]:
    """Make harm grave, and only harm."""
    return fields | {"severity": 0 if fields["category"] == "none" else max(1, fields["severity"])}


#: What makes fields fit each other, by model.
_FITTED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "TaskProposed": _task,
    "RankingSubmitted": _ranking,
    "SafetyLabelSubmitted": _safety,
}


@cache
def instances(model: type[M]) -> st.SearchStrategy[M]:
    """Return a strategy for valid instances; fields with defaults are sometimes left out."""
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in model.model_fields.items():
        own = _OWN.get((model.__name__, name))
        strategy = own if own is not None else _of(field.annotation, tuple(field.metadata))
        (required if field.is_required() else optional)[name] = strategy
    fitted = _FITTED.get(model.__name__, dict)
    return st.fixed_dictionaries(required, optional=optional).map(lambda fields: model(**fitted(fields)))


def _of(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:  # noqa: PLR0911  (a table of types)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is Annotated:
        inner = [part for found in arguments[1:] for part in _flat(found)]
        return _of(arguments[0], (*metadata, *inner))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([_of(argument) for argument in arguments])
    if origin is tuple:
        least = next((part.min_length for part in metadata if isinstance(part, MinLen)), 0)
        return st.lists(_of(arguments[0]), min_size=least, max_size=least + 2).map(tuple)
    if origin is dict:
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=3)
    return _scalar(annotation, metadata)


def _scalar(annotation: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    if annotation is str:
        patterns = [part.pattern for part in metadata if isinstance(part, StringConstraints)]
        named = _UUID if any("0-9a-f" in str(pattern) for pattern in patterns) else _IDENTIFIER
        return named if patterns else _text(metadata)
    if annotation is int:
        low, high = _bound(metadata, Ge, "ge"), _bound(metadata, Le, "le")
        return st.integers(-(10**30) if low is None else low, 10**30 if high is None else high)
    if annotation is float:
        return _floats(metadata)
    assert issubclass(annotation, BaseModel), f"no strategy for {annotation}"
    return instances(annotation)


def _text(metadata: tuple[Any, ...]) -> st.SearchStrategy[str]:
    return _TEXT.filter(bool) if any(isinstance(part, MinLen) for part in metadata) else _TEXT


def _floats(metadata: tuple[Any, ...]) -> st.SearchStrategy[float]:
    least, above = _bound(metadata, Ge, "ge"), _bound(metadata, Gt, "gt")
    most, below = _bound(metadata, Le, "le"), _bound(metadata, Lt, "lt")
    return st.floats(
        min_value=above if least is None else least,
        max_value=below if most is None else most,
        exclude_min=above is not None,
        exclude_max=below is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def _flat(found: Any) -> tuple[Any, ...]:
    return tuple(found.metadata) if isinstance(found, FieldInfo) else (found,)


def _bound(metadata: tuple[Any, ...], kind: type, name: str) -> Any:
    return next((getattr(part, name) for part in metadata if isinstance(part, kind)), None)
