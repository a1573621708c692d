"""Selection at the edge: learn from what people decided, publish it, show the queue, choose prompts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.constitutions import load_constitution, shipped_constitution
from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.queue import lessons, open_tasks
from prefstream.adapters.settings import Settings
from prefstream.domain.curation import curate, last_user_text
from prefstream.domain.curation.language import declared_language, language_of
from prefstream.domain.escalation import served
from prefstream.domain.selection import FEATURES, Chosen, Pending, chosen, learn, prompt_sketch
from prefstream.schemas.errors import BadInput
from prefstream.schemas.prompts import PromptSubmitted
from prefstream.schemas.selection import Selection
from prefstream.streams.places import find_places, open_log
from prefstream.streams.prompt_files import prompts_in
from prefstream.streams.publication import publish_selection, selection_in_force

#: Below this a selection says more of chance than of people.
MIN_LABELS = 50


async def learn_selection(
    pool: asyncpg.Pool, log: Log, *, now: datetime, min_labels: int = MIN_LABELS
) -> tuple[Selection, bool]:
    """Learn from all that people decided so far and publish it; return it and whether that was news.

    Args:
        pool: The tables.
        log: Where it is published.
        now: When it is published.
        min_labels: With fewer nothing is published.
    """
    selection = learn(await lessons(pool))
    if selection.labels < min_labels:
        return selection, False
    return selection, await publish_selection(log, selection, now=now)


async def learn_now(*, min_labels: int, publish: bool) -> dict[str, Any]:
    """Learn on the deployment of the settings, and tell what was learned.

    Raises:
        BadInput: People have decided too few pairs.
        Unavailable: The log or the database does not answer.
    """
    settings = Settings()
    places = find_places(settings)
    async with pool_of(places.dsn.get_secret_value(), size=1) as pool:
        if publish:
            async with open_log(places, partitions=settings.partitions) as log:
                selection, fresh = await learn_selection(
                    pool, log, now=datetime.now(UTC), min_labels=min_labels
                )
        else:
            selection, fresh = learn(await lessons(pool)), False
    if selection.labels < min_labels:
        raise BadInput(
            f"people have decided {selection.labels} pairs that can be learned from, and {min_labels} are "
            "needed; wait for more, or lower --min-labels"
        )
    weights = dict(zip(("judge", *FEATURES), (one / 1e6 for one in selection.weights), strict=True))
    return {
        "selection_id": selection.id,
        "published": fresh,
        "labels": selection.labels,
        "weights": weights,
        "mistaken": {name: one.mistaken / one.labels for name, one in selection.records.items()},
    }


async def queue_now(
    *, minutes: int | None, seconds_per_label: int, slice_name: str | None, most: int
) -> dict[str, Any]:
    """Return the queue of the deployment of the settings, and how far some minutes go.

    Raises:
        Unavailable: The database does not answer.
    """
    async with pool_of(find_places(Settings()).dsn.get_secret_value(), size=1) as pool:
        tasks = await open_tasks(pool, slice_name=slice_name)
    everything = sum(task.labels for task in tasks) * seconds_per_label
    reach = served(
        tasks, minutes=everything if minutes is None else minutes, seconds_per_label=seconds_per_label
    )
    return {
        "tasks": len(tasks),
        "minutes": minutes,
        "served": len(reach.now),
        "waiting": len(reach.waiting),
        "seconds": reach.seconds,
        "queue": [
            {
                "pair_id": task.pair_id,
                "slice": task.slice,
                "round": task.round,
                "priority": task.priority,
                "labels": task.labels,
                "served": place < len(reach.now),
            }
            for place, task in enumerate((*reach.now, *reach.waiting))
        ][:most],
    }


async def choose_now(
    file: str, *, most: int, out: Path | None, constitution: Path | None = None
) -> dict[str, Any]:
    """Choose the prompts of a file that are worth generating for, by the selection in force.

    Raises:
        BadInput: The file cannot be read, or the prompts cannot be written.
        Unavailable: The log does not answer.
    """
    settings = Settings()
    prompts = {one.prompt_id: one for one in prompts_in(file)}
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        selection = await selection_in_force(log)
    taken = choice(prompts, selection, most=most, constitution=constitution or settings.constitution)
    if out is not None:
        _write(out, [prompts[one.prompt_id] for one in taken])
    return {
        "selection_id": selection.id if selection else None,
        "prompts": len(prompts),
        "chosen": [
            {
                "prompt_id": one.prompt_id,
                "value": one.value,
                "uncertainty": one.uncertainty,
                "diversity": one.diversity,
                "stakes": one.stakes,
            }
            for one in taken
        ],
    }


def choice(
    prompts: dict[str, PromptSubmitted], selection: Selection | None, *, most: int, constitution: Path | None
) -> list[Chosen]:
    """Return the prompts to generate for, placed by the rules of a constitution."""
    rules = load_constitution(constitution) if constitution else shipped_constitution()
    pending = []
    for prompt_id, prompt in prompts.items():
        text = last_user_text(prompt.messages)
        placed = curate(
            prompt.messages,
            declared=prompt.slice,
            tags=prompt.tags,
            constitution=rules,
            language=declared_language(prompt.tags) or language_of(text),
        )
        if placed.set_aside is None:
            sketch = prompt_sketch(text)
            pending.append(
                Pending(prompt_id=prompt_id, slice=placed.slice, stakes=placed.stakes, sketch=sketch)
            )
    return list(chosen(pending, selection=selection, most=most))


def _write(out: Path, prompts: list[PromptSubmitted]) -> None:
    rows = [
        {
            "prompt_id": one.prompt_id,
            "messages": [message.model_dump(mode="json") for message in one.messages],
            **({"slice": one.slice} if one.slice else {}),
            **({"tags": list(one.tags)} if one.tags else {}),
        }
        for one in prompts
    ]
    try:
        out.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}") from error
