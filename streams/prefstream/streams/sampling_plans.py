"""Sampling plans at the edge: what arrives, files of plans, and what is in force."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefstream.adapters.constitutions import load_constitution, shipped_constitution
from prefstream.adapters.files.values import read_value
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.settings import Settings
from prefstream.domain.curation import curate, last_user_text
from prefstream.domain.curation.language import declared_language, language_of
from prefstream.domain.curation.normalisation import prompt_hash
from prefstream.schemas.errors import BadInput
from prefstream.schemas.sampling import SamplingPlan
from prefstream.streams.places import find_places, open_log
from prefstream.streams.prompt_files import prompts_in
from prefstream.streams.publication import (
    publish_sampling_plan,
    revoke_sampling_plan,
    sampling_plan_in_force,
)

#: What arrived, whether drawn or not; set aside for another reason is as if it had not come.
_ARRIVALS = """
select slice, count(*) as n from prompts
where decided_at >= $1 and (decision = 'curated' or reason = 'not_sampled') group by slice
"""


def arrivals_in_file(
    file: str,
    *,
    constitution: Path | None = None,
    columns: Mapping[str, str] | None = None,
    on_row: Callable[[int], None] = lambda count: None,  # noqa: ARG005
) -> dict[str, int]:
    """Return how many different prompts of a file would come to each slice, by the rules.

    Args:
        file: The prompts.
        constitution: Whose rules; `None` takes those of the settings, else the shipped ones.
        columns: Column by field, where a column has a name of its own.
        on_row: Told how many rows were read.

    Raises:
        BadInput: The file cannot be read or holds no prompts.
    """
    path = constitution or Settings().constitution
    rules = load_constitution(path) if path else shipped_constitution()
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    for count, event in enumerate(prompts_in(file, columns=columns), start=1):
        on_row(count)
        key = prompt_hash(event.messages)
        language = declared_language(event.tags) or language_of(last_user_text(event.messages))
        placed = curate(
            event.messages, declared=event.slice, tags=event.tags, constitution=rules, language=language
        )
        if placed.set_aside is None and key not in seen:
            seen.add(key)
            counts[placed.slice] += 1
    if not counts:
        raise BadInput(f"{file} holds no prompt that the rules would use")
    return dict(counts)


async def arrivals_live(settings: Settings, *, days: float) -> dict[str, int]:
    """Return how many prompts came to each slice in the last days.

    Raises:
        BadInput: None came.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    async with pool_of(find_places(settings).dsn.get_secret_value(), size=1) as pool:
        counts = {row["slice"]: row["n"] for row in await pool.fetch(_ARRIVALS, since)}
    if not counts:
        raise BadInput(f"no prompt came in the last {days:g} days; name more days, or a file with --of")
    return counts


def load_plan(path: Path) -> SamplingPlan:
    """Read a sampling plan from JSON or YAML.

    Raises:
        BadInput: The file cannot be read or is no sampling plan.
    """
    plan, document = read_value(path, SamplingPlan, kind="sampling plan")
    if strange := [str(name) for name in document if name not in SamplingPlan.model_fields]:
        raise BadInput(f"{path} is no sampling plan: no field is named {', '.join(strange)}")
    return plan


def write_plan(path: Path, plan: SamplingPlan) -> None:
    """Write a sampling plan as JSON.

    Raises:
        BadInput: The file cannot be written.
    """
    try:
        path.write_text(
            json.dumps(plan.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error


async def publish_plan_file(path: Path) -> tuple[str, bool]:
    """Put the plan of a file in force; return its id and whether that was news."""
    plan = load_plan(path)
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return plan.id, await publish_sampling_plan(log, plan, now=datetime.now(UTC))


async def revoke_plan_in_force(reason: str) -> str:
    """Take the plan in force out of force and return its id."""
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return await revoke_sampling_plan(log, reason=reason, now=datetime.now(UTC))


async def plan_in_force() -> dict[str, Any] | None:
    """Return the plan in force with its id, as a document."""
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        plan = await sampling_plan_in_force(log)
    return {"plan_id": plan.id, **plan.model_dump(mode="json")} if plan else None
