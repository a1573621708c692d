"""The demonstration: a shipped sample through the whole chain, labelled as what it is."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg

from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.samples import demo_pairs, demo_prompts, demo_truths
from prefstream.adapters.settings import GenerationSettings, JudgeSettings, Settings
from prefstream.agents.tasks import record_of
from prefstream.domain.offline.people import SimulatedPerson
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.schemas.policies import Policy, SlicePolicy
from prefstream.schemas.records import OutRecord
from prefstream.streams.places import find_places, open_log
from prefstream.streams.simulated_crowd import Work, simulate
from prefstream.streams.status import counts, drained, slices
from prefstream.streams.writers import generation_of

#: Chosen by hand to show both routes; nothing is certified, and its name says so.
POLICY = Policy(
    name="demo-uncertified",
    slices={
        "arithmetic": SlicePolicy(threshold=0.7),
        "format": SlicePolicy(threshold=0.7),
        "languages": SlicePolicy(threshold=0.7),
        "refusals": SlicePolicy(threshold=0.8),
        "code": SlicePolicy(threshold=None),
    },
    audit_share=0.1,
    audit_seed="demo",
    overlap=2,
)
#: Three annotators who differ: one sure, one weaker at code, one in a hurry; and who decides disputes.
_CITES = {
    "arithmetic": "correctness",
    "code": "correctness",
    "format": "format",
    "languages": "language",
    "refusals": "harmlessness",
}
PEOPLE = (
    SimulatedPerson(id="simulated-ada", skill=0.97, cites=_CITES),
    SimulatedPerson(id="simulated-ben", skill=0.94, skills={"code": 0.85}, cites=_CITES),
    SimulatedPerson(id="simulated-cleo", skill=0.9, pace=0.5, cites=_CITES),
    SimulatedPerson(id="simulated-evi", skill=0.97, role="reviewer", cites=_CITES),
    SimulatedPerson(id="simulated-dora", skill=1.0, unsure=0.0, role="qa_lead", cites=_CITES),
)
#: How the processes differ from real ones: nobody takes a label back, so none has to wait for that; and no
#: question comes between the work that the sample has no answer to.
ENVIRONMENT = {
    "PREFSTREAM_CONSOLE__UNDO_S": "0.2",
    "PREFSTREAM_QUALITY__GOLD_SHARE": "0",
    "PREFSTREAM_QUALITY__CALIBRATION_SIZE": "0",
}
#: Tasks that wait for people, and labels that wait to go out.
_LEFT = "select (select count(*) from tasks where open) + (select count(*) from outbox)"
_NEWEST = """
(select pair_id, slice, label, method from pairs
 where status = 'validated' and method = 'judge' and pair_id <> all($1) order by pair_id limit 2)
union all
(select pair_id, slice, label, method from pairs
 where status = 'validated' and method <> 'judge' and pair_id <> all($1)
 order by verdict_at desc, pair_id limit 2)
"""
_CHUNK = 10
#: Seconds between two looks at what is left.
_LOOK_S = 0.2


def refuse_other_pairs(settings: Settings) -> None:
    """Refuse settings under which the sample's prompts become pairs that nobody knows the truth of.

    Raises:
        BadInput: The simulated people would never label those pairs, and the demonstration never end.
    """
    shipped = generation_of(JudgeSettings(), GenerationSettings())
    if generation_of(settings.judge, settings.generation).strategy_id != shipped.strategy_id:
        raise BadInput(
            "the demonstration knows what is right only about pairs of its own two writers; take away "
            "PREFSTREAM_JUDGE__GENERATORS and PREFSTREAM_GENERATION__*, or use `prefstream up`"
        )


@dataclass(slots=True, kw_only=True)
class Demonstration:
    """A run of the sample through a deployment that is up."""

    settings: Settings
    tell: Callable[[str], None]
    #: Pairs and prompts submitted in a second.
    rate: float
    #: The console, and the token of an administrator who lets simulated people in.
    base_url: str
    admin_token: str
    started_s: float = field(default_factory=time.monotonic)
    first_label_s: float | None = None

    async def run(self) -> dict[str, Any]:
        """Submit everything, let simulated people label, and return the summary when all is done."""
        places = find_places(self.settings)
        async with (
            pool_of(places.dsn.get_secret_value(), size=4) as pool,
            open_log(places, partitions=self.settings.partitions) as log,
        ):
            writer = await log.writer()
            try:
                await self._through(pool, writer)
            finally:
                await writer.close()
            return await self._summary(pool, places.log)

    async def _through(self, pool: asyncpg.Pool, writer: LogWriter) -> None:
        done = asyncio.Event()
        crowd = asyncio.create_task(simulate(PEOPLE, self._work(done)))
        helpers = [crowd, asyncio.create_task(self._show(pool, done))]
        try:
            await self._submit(writer)
            # Before the chain has come as far as tasks, none is open.
            await drained(self.settings, 120)
            while await pool.fetchval(_LEFT):
                if crowd.done():
                    crowd.result()
                    raise Unavailable("the simulated people stopped before everything was labelled")
                await asyncio.sleep(_LOOK_S)
                await drained(self.settings, 120)
        finally:
            done.set()
            await asyncio.gather(*helpers)

    def _work(self, done: asyncio.Event) -> Work:
        truths = {pair_id: one.preference for pair_id, one in demo_truths().items()}
        return Work(base_url=self.base_url, admin_token=self.admin_token, truths=truths, stop=done)

    async def _submit(self, writer: LogWriter) -> None:
        records = sample_records(datetime.now(UTC))
        for start in range(0, len(records), _CHUNK):
            await writer.append(records[start : start + _CHUNK])
            await asyncio.sleep(_CHUNK / self.rate)

    async def _show(self, pool: asyncpg.Pool, done: asyncio.Event) -> None:
        shown: list[str] = []
        while not done.is_set():
            for row in await pool.fetch(_NEWEST, shown):
                self._show_one(row)
                shown.append(row["pair_id"])
            try:
                await asyncio.wait_for(done.wait(), 1.0)
            except TimeoutError:
                continue

    def _show_one(self, row: asyncpg.Record) -> None:
        after_s = time.monotonic() - self.started_s
        if self.first_label_s is None:
            self.first_label_s = after_s
        by = "offline judge" if row["method"] == "judge" else f"simulated people, {row['method']}"
        self.tell(
            f"{after_s:6.1f} s  label {row['label']:<3} {row['pair_id']:<28} {row['slice']:<12} by {by}"
        )

    async def _summary(self, pool: asyncpg.Pool, log: str) -> dict[str, Any]:
        by_slice = {one["slice"]: one for one in await slices(pool)}
        return (
            {
                "log": log,
                "seconds": round(time.monotonic() - self.started_s, 1),
                "first_label_s": round(self.first_label_s, 1) if self.first_label_s is not None else None,
                "judge": "offline",
                "annotators": "simulated",
                "policy": POLICY.id,
            }
            | (await counts(pool))
            | {"slices": by_slice}
        )


def sample_records(now: datetime) -> Sequence[OutRecord]:
    """Return the sample as records: prompts spread among the ready-made pairs."""
    pairs = [record_of(event) for event in demo_pairs(now)]
    prompts = [record_of(event) for event in demo_prompts(now)]
    every = max(1, len(pairs) // max(1, len(prompts)))
    mixed: list[OutRecord] = []
    for place, pair in enumerate(pairs):
        mixed.append(pair)
        if place % every == 0 and prompts:
            mixed.append(prompts.pop(0))
    return [*mixed, *prompts]
