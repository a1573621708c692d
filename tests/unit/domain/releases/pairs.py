"""Histories of pairs for tests of releases."""

from datetime import timedelta
from typing import Any

from tests import factories as make

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.exclusions import Exclusion
from prefstream.domain.releases.folding import example
from prefstream.domain.releases.history import history_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelResolved
from prefstream.schemas.pairs import PairValidated

PAIR = "pair-1"
LATER = make.NOON + timedelta(minutes=5)


def resolved(**changes: Any) -> LabelResolved:
    """Build a resolution; two at different times have two ids."""
    moment = changes.get("occurred_at", make.NOON)
    return make.a_label_resolved(
        pair_id=PAIR, **({"event_id": derived_id("test", "resolved", str(moment))} | changes)
    )


def validated(resolution: LabelResolved, **changes: Any) -> PairValidated:
    """Build the verdict that a resolution is fit."""
    known = {"resolution_id": resolution.event_id, "label": resolution.label, "method": resolution.method}
    named = derived_id("test", "validated", resolution.event_id, *map(str, changes.values()))
    return make.a_pair_validated(pair_id=PAIR, **(known | {"event_id": named} | changes))


def chain() -> list[Event]:
    """Return the events of a pair that is fit for a release."""
    resolution = resolved()
    return [
        make.a_pair_proposed(pair_id=PAIR),
        make.a_pair_judged(pair_id=PAIR),
        make.a_pair_routed(pair_id=PAIR),
        make.a_label_submitted(pair_id=PAIR, annotator="ann"),
        make.a_label_submitted(pair_id=PAIR, annotator="bob"),
        resolution,
        validated(resolution),
    ]


def folded(*events: Event) -> Example | Exclusion:
    """Return what is folded from events."""
    return example(history_of(PAIR, events))


def reason(*events: Event) -> str:
    """Return why a pair with these events stays out."""
    found = folded(*events)
    assert isinstance(found, Exclusion)
    return found.counted_as
