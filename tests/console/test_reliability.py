"""Reliability, live: what a follower of labels writes equals what all labels at once give, exactly."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from prefstream.adapters.postgres.connection import connect, pool_of
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.domain.reliability import SliceTables
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn
from prefstream.schemas.values import Provenance, Verdict
from prefstream.streams.reliability import ReliabilityWatch, tables_from_scratch
from tests import factories as make
from tests.console.quality_work import told
from tests.console.running import PARTITIONS
from tests.console.working import Work

pytestmark = pytest.mark.postgres

SLICES = ("code", "law", "math")


@pytest_asyncio.fixture
async def work(postgres_dsn: str) -> AsyncIterator[Work]:
    connection = await connect(postgres_dsn)
    try:
        await upgrade(connection)
    finally:
        await connection.close()
    log = await PostgresLog.open(postgres_dsn, partitions=PARTITIONS)
    try:
        await log.ensure_topics(partitions=PARTITIONS, replication=1)
        async with pool_of(postgres_dsn) as pool:
            yield Work(pool, log)
    finally:
        await log.close()


def slice_of(number: int) -> str:
    return SLICES[number % len(SLICES)]


def a_label(number: int, annotator: str, *, right: bool, **changes: Any) -> LabelSubmitted:
    """Return somebody's label of a pair of which A is right where the number is even."""
    true = Verdict.A_BETTER if number % 2 == 0 else Verdict.B_BETTER
    wrong = Verdict.B_BETTER if number % 2 == 0 else Verdict.A_BETTER
    defaults = {
        "pair_id": f"pair-{number}",
        "annotator": annotator,
        "verdict": true if right else wrong,
        "occurred_at": make.NOON + timedelta(minutes=number),
    }
    return make.a_label_submitted(**(defaults | changes))


def withdrawn(label: LabelSubmitted) -> LabelWithdrawn:
    return LabelWithdrawn(
        event_id=derived_id("test", "withdrawn", label.event_id),
        occurred_at=label.occurred_at + timedelta(days=1),
        source="test",
        subject=label.pair_id,
        correlation_id=label.pair_id,
        pair_id=label.pair_id,
        label_id=label.event_id,
        annotator=label.annotator,
        reason="test",
        by="lead",
    )


def crowd(pairs: int, **changes: Any) -> list[LabelSubmitted]:
    chance = Random(3)
    skills = {"ann": 0.95, "bob": 0.9, "cy": 0.8, "dan": 0.5}
    return [
        a_label(number, name, right=chance.random() < skill, **changes)
        for number in range(pairs)
        for name, skill in skills.items()
    ]


def a_watch(work: Work) -> ReliabilityWatch:
    return ReliabilityWatch(pool=work.pool, log=work.log)


async def in_tables(pool: asyncpg.Pool) -> dict[str, Any]:
    slices = await pool.fetch("select * from reliability_slices order by slice")
    people = await pool.fetch("select * from reliability order by slice, annotator")
    return {
        row["slice"]: (
            *(orjson.loads(row[name]) for name in ("classes", "shares", "strangers")),
            *(row[name] for name in ("labels", "fingerprint", "as_of", "provenance")),
            {
                one["annotator"]: (one["accuracy"], orjson.loads(one["confusion"]), one["labels"])
                for one in people
                if one["slice"] == row["slice"]
            },
        )
        for row in slices
    }


def as_in_tables(tables: dict[str, SliceTables]) -> dict[str, Any]:
    return {
        name: (
            list(one.classes),
            dict(one.shares),
            {t: dict(row) for t, row in one.strangers.items()},
            one.labels,
            one.fingerprint,
            one.as_of,
            one.provenance.value,
            {
                who: (person.accuracy, {t: dict(row) for t, row in person.confusion.items()}, person.labels)
                for who, person in one.people.items()
            },
        )
        for name, one in sorted(tables.items())
    }


async def from_scratch(pool: asyncpg.Pool) -> dict[str, Any]:
    async with pool.acquire() as connection, connection.transaction():
        return as_in_tables(await tables_from_scratch(connection))


async def test_what_was_followed_equals_what_all_labels_give_at_once(work: Work) -> None:
    chance, watch, labels = Random(1), a_watch(work), crowd(60)
    proposals = [make.a_pair_proposed(pair_id=f"pair-{n}", slice=slice_of(n)) for n in range(60)]
    news: list[Any] = [*labels, *proposals, *(withdrawn(one) for one in labels[::9])]
    news += [a_label(n, "ann", right=False, event_id=derived_id("again", n)) for n in range(0, 60, 7)]
    chance.shuffle(news)

    for start in range(0, len(news), 17):
        # Labels come before their pairs, withdrawals before their labels, and some of it twice.
        await work.say(*news[start : start + 17], *news[max(0, start - 3) : start])
        await watch.look(only_due=start % 2 == 0)
    await watch.look(only_due=False)

    live = await in_tables(work.pool)
    assert live == await from_scratch(work.pool)
    assert list(live) == list(SLICES)
    again = a_watch(work)
    await again.look()
    assert await in_tables(work.pool) == live, "one that begins anew comes to the same tables"


async def test_labels_of_a_transaction_that_ends_late_are_not_missed(work: Work) -> None:
    await work.say(*(make.a_pair_proposed(pair_id=f"pair-{n}", slice="code") for n in range(30)))
    await work.say(*crowd(30))
    watch = a_watch(work)
    late = await work.pool.acquire()
    try:
        transaction = late.transaction()
        await transaction.start()
        await late.execute("update labels set withdrawn_at = now() where annotator = 'ann'")
        await watch.look(only_due=False)
        before = (await in_tables(work.pool))["code"][3]
        async with work.pool.acquire() as other:
            await other.execute("update labels set withdrawn_at = now() where annotator = 'bob'")
        await watch.look(only_due=False)
        await transaction.commit()
    finally:
        await work.pool.release(late)

    await watch.look(only_due=False)

    live = await in_tables(work.pool)
    assert live == await from_scratch(work.pool)
    assert (before, live["code"][3], sorted(live["code"][-1])) == (120, 60, ["cy", "dan"])


async def test_careful_people_come_out_better_than_careless_ones(work: Work) -> None:
    await work.say(*(make.a_pair_proposed(pair_id=f"pair-{n}", slice="code") for n in range(200)))
    await work.say(*crowd(200))

    await a_watch(work).look()

    people = (await in_tables(work.pool))["code"][-1]
    accuracy = {name: person[0] for name, person in people.items()}
    assert sorted(accuracy, key=lambda name: -accuracy[name]) == ["ann", "bob", "cy", "dan"]
    assert accuracy["dan"] < 0.65
    assert accuracy["ann"] > 0.85


async def test_gold_answers_anchor_what_is_true(work: Work) -> None:
    """Two who are wrong together look right to each other, until gold says otherwise."""
    await work.say(*(make.a_pair_proposed(pair_id=f"pair-{n}", slice="code") for n in range(40)))
    together = [a_label(n, who, right=False) for n in range(40) for who in ("cy", "dan")]
    await work.say(*together, *(a_label(n, "ann", right=True) for n in range(40)))
    await a_watch(work).look()
    before = (await in_tables(work.pool))["code"][-1]["ann"][0]

    for n in range(20):
        await work.pool.execute(
            "insert into gold_items values ($1, 'code', $2, '', '[]', true, 'lead', now(), null, null)",
            f"pair-{n}",
            "A>" if n % 2 == 0 else "B>",
        )
    await a_watch(work).look()

    after = (await in_tables(work.pool))["code"][-1]
    assert before < 0.5
    assert after["ann"][0] > 0.8
    assert after["cy"][0] < 0.5
    assert await in_tables(work.pool) == await from_scratch(work.pool)


async def test_simulations_teach_nothing_where_people_labelled(work: Work) -> None:
    pairs = [make.a_pair_proposed(pair_id=f"pair-{n}", slice=slice_of(n)) for n in range(30)]
    await work.say(*pairs, *crowd(30, provenance=Provenance.SIMULATED))
    watch = a_watch(work)
    await watch.look()
    assert {one[-2] for one in (await in_tables(work.pool)).values()} == {"simulated"}

    await work.say(a_label(0, "eve", right=True, event_id=derived_id("eve")))
    await watch.look(only_due=False)

    live = await in_tables(work.pool)
    assert (live["code"][-2], list(live["code"][-1])) == ("real", ["eve"])
    assert (live["law"][-2], live) == ("simulated", await from_scratch(work.pool))


async def test_a_slice_in_which_nothing_counts_any_more_has_no_tables(work: Work) -> None:
    labels = [a_label(0, "ann", right=True), a_label(0, "bob", right=True)]
    await work.say(make.a_pair_proposed(pair_id="pair-0", slice="code"), *labels)
    watch = a_watch(work)
    await watch.look()
    assert list(await in_tables(work.pool)) == ["code"]

    await work.say(*(withdrawn(one) for one in labels))
    await watch.look(only_due=False)

    assert await in_tables(work.pool) == {}


async def test_the_chain_is_told_when_enough_is_new_and_not_twice(work: Work) -> None:
    await work.say(*(make.a_pair_proposed(pair_id=f"pair-{n}", slice="code") for n in range(60)))
    labels = crowd(60)
    watch = a_watch(work)

    await work.say(*labels[:40])
    (first,) = await watch.look()
    await work.say(*labels[40:45])
    assert list(await watch.look(only_due=False)) == [], "five labels are not enough"
    assert list(await a_watch(work).look()) == [], "nor for one that begins anew"
    await work.say(*labels[45:])
    (second,) = await watch.look()

    said = await told(work, "policies.published.v1", "ReliabilityPublished", 2)
    assert [one["event_id"] for one in said] == [first.event_id, second.event_id]
    assert (second.subject, second.labels, second.slice) == ("reliability:code", 240, "code")
    assert set(second.confusion) == {"ann", "bob", "cy", "dan"}
    assert second.confusion["ann"]["A"]["A"] == round(second.confusion["ann"]["A"]["A"], 4)
    assert second.occurred_at == labels[-1].occurred_at, "event time, so that a replay says the same"


async def test_two_looks_at_once_do_no_harm(work: Work) -> None:
    await work.say(*(make.a_pair_proposed(pair_id=f"pair-{n}", slice="code") for n in range(30)))
    await work.say(*crowd(30))

    await asyncio.gather(a_watch(work).look(), a_watch(work).look())

    assert await in_tables(work.pool) == await from_scratch(work.pool)
