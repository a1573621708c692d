"""What `prefstream release` is told: plans, positions and overrides."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefstream.adapters.files.values import read_value
from prefstream.domain.releases.position import Position, read
from prefstream.schemas.envelope import Value
from prefstream.schemas.errors import BadInput
from prefstream.schemas.releases import GateLimits, GateOverride, ReleasePlan, Splits

_PARTS: Mapping[str, type[Value]] = {"splits": Splits, "limits": GateLimits}


def load_plan(path: Path) -> ReleasePlan:
    """Read a plan from YAML or JSON.

    Raises:
        BadInput: The file cannot be read, is no plan, or has a field that no plan has.
    """
    plan, document = read_value(path, ReleasePlan, kind="plan of a release")
    if strange := _strange(document):
        raise BadInput(f"{path} is no plan: no field is named {', '.join(strange)}; correct the name")
    return plan


def position_in(path: Path) -> Position:
    """Read a position from the position.json of a release, or from the position alone.

    Raises:
        BadInput: The file cannot be read or says no position.
    """
    import orjson

    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{path} is no JSON; --at takes the position.json of a release") from error
    inside = isinstance(document, dict) and "position" in document
    return read(document["position"] if inside else document)


def overrides_of(named: Sequence[str], *, by: str, reason: str) -> tuple[GateOverride, ...]:
    """Return the overrides that a command line names.

    Raises:
        BadInput: Nobody answers for them, or nobody says why.
    """
    if named and not (by and reason.strip()):
        raise BadInput("an override needs who answers for it and why: --by PERSON --reason TEXT")
    return tuple([_override(one, by, reason) for one in named])


def _override(named: str, by: str, reason: str) -> GateOverride:
    gate, _, slice_name = named.partition(":")
    if not gate:
        raise BadInput(f"{named!r} names no gate; say GATE or GATE:SLICE, e.g. alpha:law")
    return GateOverride(gate=gate, slice=slice_name or None, by=by, reason=reason)


def _strange(document: Mapping[str, Any]) -> list[str]:
    """Return the names that no plan has: a misspelt limit must not pass for none."""
    return [str(name) for name in document if name not in ReleasePlan.model_fields] + [
        f"{part}.{name}"
        for part, model in _PARTS.items()
        for name in document.get(part) or {}
        if name not in model.model_fields
    ]
