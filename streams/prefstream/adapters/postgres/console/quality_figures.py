"""Figures of quality as documents: people with their records, weeks with their drift."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import quality_acts, quality_people, quality_sets
from prefstream.adapters.postgres.console.quality_acts import Assessed
from prefstream.domain.reliability import WeekFigures, week_figures


async def people(source: Connection | asyncpg.Pool) -> list[dict[str, Any]]:
    """Return everybody who labels, by name: nobody is ranked, and nobody's speed is told."""
    found = await quality_acts.assessments(source)
    by_person = await _slices(source)
    return [_person(one, by_person.get(one.known.person_id, [])) for one in found]


async def person(source: Connection | asyncpg.Pool, person_id: str) -> dict[str, Any]:
    """Return one person with what was done about them.

    Raises:
        NobodySuch: There is no such person.
    """
    (one,) = await quality_acts.assessments(source, person_id)
    slices = await _slices(source, person_id)
    return _person(one, slices.get(person_id, [])) | {
        "actions": await quality_people.actions(source, person_id)
    }


async def week(source: Connection | asyncpg.Pool, name: str | None) -> dict[str, Any] | None:
    """Return a week's set with the figures of people and judges; the latest week without a name."""
    weeks = await quality_sets.weeks(source)
    chosen = name or (weeks[0]["week"] if weeks else None)
    found = await quality_sets.set_of(source, chosen) if chosen else None
    if found is None or chosen is None:
        return None
    before = next((one["week"] for one in weeks if one["week"] < chosen), None)
    figures = week_figures(
        await quality_sets.answers(source, chosen),
        before=await quality_sets.answers(source, before),
        earlier=await quality_sets.answers(source, found["earlier"]),
    )
    size = len(found["items"])
    return found | {
        "before": before,
        "figures": [_figures(one, size=size) for one in figures],
    }


async def _slices(
    source: Connection | asyncpg.Pool, person_id: str | None = None
) -> Mapping[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in await quality_people.reliability_of(source, annotator=person_id):
        found.setdefault(row.pop("annotator"), []).append(row)
    return found


def _person(one: Assessed, slices: list[dict[str, Any]]) -> dict[str, Any]:
    known, gold = one.known, one.assessment.gold
    return {
        "person_id": known.person_id,
        "name": known.name,
        "role": known.role,
        "simulated": known.simulated,
        "paused": known.paused_at is not None,
        "paused_until": known.paused_until,
        "paused_why": known.paused_why,
        "training_left": known.training_left,
        "gold": {
            "standing": gold.standing,
            "right": gold.right,
            "answers": gold.answers,
            "since": known.test_since,
        },
        "habits": [asdict(finding) for finding in one.assessment.findings],
        "slices": slices,
        "proposals": [asdict(proposal) for proposal in one.assessment.proposals],
    }


def _figures(one: WeekFigures, *, size: int) -> dict[str, Any]:
    return {
        "annotator": one.annotator,
        "judge": one.judge,
        "answered": one.answered,
        "of": size,
        "right": one.right,
        "against_others": asdict(one.against_others),
        "drift": asdict(one.drift),
        "anchors": asdict(one.anchors),
    }
