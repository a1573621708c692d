"""LLMBar's items through the chain: recorded verdicts of six strategies in both orders, recorded people."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.verdicts import RecordedVerdicts
from prefstream.agents.tasks import record_of
from prefstream.domain.pooling import Pooled, pooled
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Message, Provenance, Response, Verdict, Vote
from prefstream.streams.places import open_log
from tests.chain import pandalm
from tests.chain.running import Running

STRATEGIES = ("Vanilla", "CoT", "Metrics", "Reference", "Metrics_Reference", "Vanilla_NoRules")
START = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item with what a judge and a person said of it."""

    id: str
    natural: bool
    messages: tuple[Message, ...]
    texts: tuple[str, str]
    person: Verdict
    votes: tuple[Vote, ...]

    @property
    def pool(self) -> Pooled:
        return pooled(self.votes)

    @property
    def wrong(self) -> bool:
        label = self.pool.label
        return label is None or label.margin * (1 if self.person is Verdict.A_BETTER else -1) <= 0


def items(judge: str) -> list[Item]:
    """Return the items that the judge read under some strategy, in the order of the file."""
    folder = pandalm.shared_data() / "llmbar"
    readings: dict[str, list[Vote]] = {}
    with gzip.open(folder / "judgements.jsonl.gz", "rt", encoding="utf-8") as lines:
        for said in map(json.loads, lines):
            if said["judge"] == judge and said["strategy"] in STRATEGIES:
                winners = (("ab", said.get("winner")), ("ba", said.get("winner_swapped")))
                readings.setdefault(said["item_id"], []).extend(_vote(said, *one) for one in winners)
    rows = [json.loads(line) for line in (folder / "items.jsonl").read_text("utf-8").splitlines()]
    return [_item(row, readings[row["item_id"]]) for row in rows if row["item_id"] in readings]


def _vote(said: dict[str, Any], order: Any, winner: str | None) -> Vote:
    verdict = {"1": Verdict.A_BETTER, "2": Verdict.B_BETTER}.get(winner or "")
    return Vote(
        judge=said["judge"],
        provenance=Provenance.RECORDED,
        order=order,
        variant=said["strategy"],
        raw=winner,
        verdict=verdict,
    )


def _item(row: dict[str, Any], votes: Sequence[Vote]) -> Item:
    return Item(
        id=row["item_id"],
        natural="/Natural" in row["item_id"],
        messages=(Message(role="user", content=row["input"]),),
        texts=(row["output_1"], row["output_2"]),
        person=Verdict.A_BETTER if str(row["label"]) == "1" else Verdict.B_BETTER,
        votes=tuple(votes),
    )


def record_verdicts(running: Running, judge: str, some: Iterable[Item]) -> None:
    """Bring in what the judge said, for the recorded judge to repeat."""

    async def put() -> None:
        async with pool_of(running.dsn, size=1) as pool:
            await RecordedVerdicts(pool).put_all({(judge, one.id): one.votes for one in some})

    asyncio.run(put())


def propose(running: Running, some: Iterable[Item], *, slice_name: str) -> None:
    say(running, *(_proposed(one, slice_name) for one in some))


def label_open_tasks(running: Running, everything: Iterable[Item]) -> int:
    """Let recorded people label every open task, and return how many there were."""
    people = {one.id: one.person for one in everything}
    asked = [row["pair_id"] for row in running.fetch("select distinct pair_id from tasks where open")]
    say(running, *(_labelled(pair_id, people[pair_id]) for pair_id in sorted(asked)))
    running.drain()
    return len(asked)


def say(running: Running, *events: Event) -> None:
    async def append(log: Log) -> None:
        writer = await log.writer()
        try:
            await writer.append([record_of(event) for event in events])
        finally:
            await writer.close()

    _on_log(running, append)


def _on_log(running: Running, work: Callable[[Log], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S), open_log(running.places, partitions=4) as log:
            await work(log)

    asyncio.run(main())


def _proposed(item: Item, slice_name: str) -> PairProposed:
    first, second = item.texts
    return PairProposed(
        **_envelope("pair", item.id),
        pair_id=item.id,
        prompt_id=item.id,
        messages=item.messages,
        response_a=Response(text=first, model="one"),
        response_b=Response(text=second, model="two"),
        strategy="ready_made",
        group_id=item.id,
        slice=slice_name,
    )


def _labelled(pair_id: str, verdict: Verdict) -> LabelSubmitted:
    return LabelSubmitted(
        **_envelope("label", pair_id) | {"occurred_at": START + timedelta(hours=1)},
        pair_id=pair_id,
        annotator="expert",
        verdict=verdict,
    )


def _envelope(kind: str, pair_id: str) -> dict[str, Any]:
    return {
        "event_id": derived_id("llmbar", kind, pair_id),
        "occurred_at": START,
        "source": "llmbar",
        "subject": pair_id,
        "correlation_id": pair_id,
    }
