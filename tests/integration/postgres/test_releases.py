"""Releases cut from a real archive: the same bytes every time, every count adding up, no leak over splits."""

from datetime import timedelta
from pathlib import Path

import asyncpg
import orjson
import pytest
from tests import factories as make
from tests.integration.postgres.release_world import (
    FATES,
    PLAN,
    Cutter,
    bytes_in,
    everything,
    history,
    sink_all,
)

from prefstream.adapters.postgres.projections import project
from prefstream.adapters.postgres.releases import latest_release, releases
from prefstream.domain.releases.manifest import PASSING
from prefstream.schemas.codec import ERASED
from prefstream.schemas.ids import derived_id
from prefstream.streams.release_records import cut_event, lines_in

pytestmark = pytest.mark.postgres


async def test_two_cuts_and_another_partition_count_give_the_same_bytes(
    postgres_dsn: str, second_dsn: str, tmp_path: Path
) -> None:
    events = everything()
    await sink_all(postgres_dsn, events, partitions=2)
    await sink_all(second_dsn, list(reversed(events)), partitions=5, seed=7)

    cuts = [
        await Cutter(dsn=dsn).cut(tmp_path / name)
        for name, dsn in (("one", postgres_dsn), ("two", postgres_dsn), ("three", second_dsn))
    ]

    assert len({one.release_id for one in cuts}) == 1
    first, second, third = (bytes_in(one.folder) for one in cuts)
    assert first == second
    assert first.keys() == third.keys()
    assert {path for path, content in first.items() if content != third[path]} == PASSING


async def test_what_is_taken_and_what_is_left_out_add_up(postgres_dsn: str, tmp_path: Path) -> None:
    await sink_all(postgres_dsn, everything(), partitions=3)

    done = await Cutter(dsn=postgres_dsn).cut(tmp_path)

    counts = done.draft.counts
    assert counts.candidates == 202
    assert counts.pairs + counts.tasks + sum(counts.exclusions.values()) == counts.candidates
    assert counts.exclusions == {
        "disputed": 20,
        "gold": 20,
        "provenance: simulated": 20,
        "rejected: empty": 20,
        "tie": 20,
        "unresolved": 20,
    }
    manifest = orjson.loads((done.folder / "manifest.json").read_bytes())
    assert manifest["release_id"] == done.release_id == done.folder.name


async def test_no_prompt_stands_in_two_splits(postgres_dsn: str, tmp_path: Path) -> None:
    await sink_all(postgres_dsn, everything(), partitions=3)
    plan = PLAN.model_copy(
        update={"splits": PLAN.splits.model_copy(update={"train": 0.4, "validation": 0.3, "test": 0.3})}
    )

    done = await Cutter(dsn=postgres_dsn).cut(tmp_path, plan)

    splits: dict[str, set[str]] = {}
    for line in (done.folder / "lineage.jsonl").read_bytes().splitlines():
        said = orjson.loads(line)
        splits.setdefault(said["split"], set()).add(said["prompt_id"])
    assert splits.keys() == {"train", "validation", "test"}
    assert sum(map(len, splits.values())) == len(set.union(*splits.values()))


async def test_what_was_erased_is_in_no_release_after_that(postgres_dsn: str, tmp_path: Path) -> None:
    await sink_all(postgres_dsn, everything(40), partitions=3)
    before = await Cutter(dsn=postgres_dsn).cut(tmp_path / "before")
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(
        "update archive set value = $1 where type = 'PairProposed' and subject = 'pair-00000'", ERASED
    )
    await connection.close()

    after = await Cutter(dsn=postgres_dsn).cut(tmp_path / "after")

    assert after.draft.counts.exclusions["erased"] == 1
    assert after.draft.counts.pairs == before.draft.counts.pairs - 1
    assert b"pair-00000" in b"".join(bytes_in(before.folder).values())
    assert b"pair-00000" not in b"".join(bytes_in(after.folder).values())


async def test_a_tie_that_no_format_has_a_place_for_is_counted_and_left_out(
    postgres_dsn: str, tmp_path: Path
) -> None:
    await sink_all(postgres_dsn, everything(40), partitions=3)
    plan = PLAN.model_copy(update={"ties": "keep", "formats": ("preference",)})

    done = await Cutter(dsn=postgres_dsn).cut(tmp_path, plan)

    counts = done.draft.counts
    assert (counts.exclusions["no_row"], counts.left_out) == (4, {"preference": {"tie": 4}})
    assert counts.pairs + sum(counts.exclusions.values()) == counts.candidates == 40


async def test_a_release_is_compared_with_the_one_that_its_plan_names(
    postgres_dsn: str, tmp_path: Path
) -> None:
    await sink_all(postgres_dsn, everything(40), partitions=3)
    first = await Cutter(dsn=postgres_dsn).cut(tmp_path)
    limits = PLAN.limits.model_copy(update={"prompt_drift": 0.25})
    plan = PLAN.model_copy(update={"version": "2", "previous": first.release_id, "limits": limits})

    second = await Cutter(dsn=postgres_dsn).cut(tmp_path, plan)

    (drift,) = [one for one in second.draft.gates.results if one.gate == "prompt_drift"]
    assert (drift.passed, drift.value) == (True, 0.0)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_the_rows_of_releases_do_not_depend_on_the_order_of_events(
    migrated_dsn: str, order: tuple[int, ...]
) -> None:
    events = [
        make.a_release_cut(),
        make.a_release_cut(
            by="bob", event_id=derived_id("later"), occurred_at=make.NOON + timedelta(hours=1)
        ),
        make.a_release_withdrawn(),
    ]
    connection = await asyncpg.connect(migrated_dsn)
    for place in order:
        async with connection.transaction():
            await project(connection, [make.a_record(events[place], offset=place)])

    (row,) = await releases(connection)

    assert (row["release_id"], row["cut_by"], row["cut_at"]) == (events[0].subject, "lea", make.NOON)
    assert (row["plan"]["name"], row["position"]) == ("helpful", {"pairs.validated.v1/0": 7})
    assert (row["withdrawn_by"], row["withdrawn_reason"]) == ("lea", "a source was withdrawn")
    assert await latest_release(connection, "helpful") is None
    await connection.close()


async def test_prompts_that_say_nearly_the_same_stand_in_one_split(postgres_dsn: str, tmp_path: Path) -> None:
    events = []
    for number in range(120):
        words = [f"w{number // 2 * 131 + place * 7919}" for place in range(60)]
        words[30] = f"another{number % 2}"
        asked = (make.a_message(" ".join(words)),)
        for event in history(number * len(FATES), prompts=10_000):
            named = {"prompt_id": f"prompt-{number}", "group_id": f"group-{number}", "messages": asked}
            events.append(event.model_copy(update=named) if event.type == "PairProposed" else event)
    await sink_all(postgres_dsn, events, partitions=2)
    halves = PLAN.splits.model_copy(update={"train": 0.5, "validation": 0.0, "test": 0.5})

    done, parted = [
        await Cutter(dsn=postgres_dsn).cut(
            tmp_path,
            PLAN.model_copy(update={"splits": halves.model_copy(update={"near_duplicate": least})}),
        )
        for least in (0.8, None)
    ]

    assert (done.draft.counts.prompt_groups, parted.draft.counts.prompt_groups) == (60, 120)
    where = {line["prompt_id"]: line["split"] for line in lines_in(done.folder)}
    assert len(where) == 120
    assert all(where[f"prompt-{n}"] == where[f"prompt-{n + 1}"] for n in range(0, 120, 2))


async def test_a_cut_that_is_said_again_is_said_under_the_same_id(postgres_dsn: str, tmp_path: Path) -> None:
    await sink_all(postgres_dsn, everything(40), partitions=2)
    first = await Cutter(dsn=postgres_dsn).cut(tmp_path)
    again = await Cutter(dsn=postgres_dsn).cut(tmp_path)

    one = cut_event(first, by="lea", now=make.NOON)
    other = cut_event(again, by="lea", now=make.NOON + timedelta(days=1))

    assert (first.fresh, again.fresh) == (True, False)
    assert one.event_id == other.event_id
    assert one == other.model_copy(update={"occurred_at": one.occurred_at})
    assert cut_event(first, by="bob", now=make.NOON).event_id != one.event_id
