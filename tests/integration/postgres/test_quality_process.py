"""Quality in the calibrator's process: looks until told to stop, and says what it found."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr
from tests import factories as make
from tests.console.working import Work

from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.settings import QualitySettings, Settings
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.ids import derived_id
from prefstream.streams.places import Places
from prefstream.streams.quality_process import run_quality
from prefstream.streams.surroundings import Surroundings

pytestmark = pytest.mark.postgres


def surroundings_of(dsn: str, log: PostgresLog) -> Surroundings:
    return Surroundings(
        name="calibrator",
        settings=Settings(quality=QualitySettings(every_s=0.05)),
        places=Places(log="postgres", dsn=SecretStr(dsn)),
        log=log,
        pool=log.pool,
        stop=asyncio.Event(),
    )


async def test_it_follows_labels_until_told_to_stop(migrated_dsn: str, log: PostgresLog) -> None:
    work, around = Work(log.pool, log), surroundings_of(migrated_dsn, log)
    running = asyncio.create_task(run_quality(around))
    for n in range(30):
        at = make.NOON + timedelta(minutes=n)
        labels = [
            make.a_label_submitted(
                pair_id=f"p{n}", annotator=who, occurred_at=at, event_id=derived_id("t", who, n)
            )
            for who in ("ann", "bob")
        ]
        await work.say(make.a_pair_proposed(pair_id=f"p{n}", slice="code"), *labels)

    async with asyncio.timeout(20):
        while await log.pool.fetchval("select labels from reliability where annotator = 'ann'") is None:
            await asyncio.sleep(0.02)
        around.stop.set()
        await running

    published = [record async for record in log.snapshot("policies.published.v1")]
    assert next(record.key for record in published if record.key) == b"reliability:code"


async def test_a_database_that_is_away_ends_it_as_unavailable(migrated_dsn: str, log: PostgresLog) -> None:
    around = surroundings_of(migrated_dsn, log)
    async with pool_of(migrated_dsn) as pool:
        around.pool = pool
    with pytest.raises(Unavailable, match="quality lost its database"):
        await run_quality(around)
