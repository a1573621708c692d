"""What a constitution says beside its clauses: weights, special cases, kinds of refusal."""

from collections.abc import Mapping

from prefstream.schemas.constitutions import Constitution, RefusalKind

_TITLES = {
    "ties": "Ties",
    "both_bad": "Both bad",
    "refusals": "Refusals",
    "contested_facts": "Contested facts",
    "length": "Length",
}


def shares(constitution: Constitution) -> Mapping[str, float]:
    """Return the share of each dimension in the whole weight, the heaviest first.

    Empty when nothing has weight.
    """
    total = sum(constitution.dimensions.values())
    if total <= 0:
        return {}
    heaviest = sorted(constitution.dimensions.items(), key=lambda one: (-one[1], one[0]))
    return {name: weight / total for name, weight in heaviest}


def special_cases(constitution: Constitution) -> Mapping[str, str]:
    """Return the protocols that say something, by their titles."""
    said = {title: getattr(constitution.protocols, name).strip() for name, title in _TITLES.items()}
    return {title: text for title, text in said.items() if text}


def refusal_kinds(constitution: Constitution) -> tuple[RefusalKind, ...]:
    """Return the kinds of refusal, each with its meaning; empty where only a name was given."""
    return tuple(
        RefusalKind(id=kind) if isinstance(kind, str) else kind for kind in constitution.refusal_taxonomy
    )
