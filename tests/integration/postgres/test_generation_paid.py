"""Generation over HTTP and a real journal: every candidate and every score is paid for once."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.factories import a_constitution, a_principle, a_prompt_curated, a_record
from tests.stand_ins.llm import KEY, LlmStandIn, Step, running

from prefstream.adapters.models.anthropic import AnthropicModel
from prefstream.adapters.models.openai_compatible import OpenAICompatibleModel
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.agents.generation import Generation
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.generators.scoring import ModelScorer
from prefstream.agents.stage import Answer, Call, Configuration
from prefstream.domain.generation import Strategy
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.prompts import PromptSetAside
from prefstream.streams.effects import JournalledEffects
from prefstream.streams.engine import Engine, Prepared
from prefstream.streams.surroundings import PostgresStates

pytestmark = pytest.mark.postgres

CONFIGURATION = Configuration(constitution=a_constitution(principles=(a_principle(),)))
RECORD = a_record(a_prompt_curated())


@dataclass
class Models:
    """The stand-in and what it is told to say: the draws of a model in turn, and scores by text."""

    stand_in: LlmStandIn
    scores: Mapping[str, int]
    drafts: int = 0
    same: bool = False

    def step(self) -> Step:
        """Answer the newest request."""
        asked = self.stand_in.requests[-1]
        if asked.get("tools"):
            text = re.findall(r"<<RESPONSE \w+>>\n(.*)\n<<END", str(asked["messages"][-1]["content"]))[0]
            said = {"scores": [{"clause": "P1", "score": self.scores.get(text, 5)}]}
            return Step(input=said, tool="record_scores")
        self.drafts += 1
        return Step(kind="text", text="same" if self.same else f"draft {self.drafts}")

    @property
    def scored(self) -> int:
        return sum(bool(asked.get("tools")) for asked in self.stand_in.requests)


@dataclass
class CutOff:
    """Effects of a process that dies after some answers."""

    effects: JournalledEffects
    left: int
    asked: list[Call] = field(default_factory=list)

    async def answer(self, call: Call) -> Answer:
        if self.left <= 0:
            raise Unavailable("the process is gone")
        self.left -= 1
        return await self.effects.answer(call)

    async def answers(self, calls: Any) -> Mapping[str, Answer]:
        return await self.effects.answers(calls)


@asynccontextmanager
async def models(log: PostgresLog, **said: Any) -> AsyncIterator[tuple[Models, JournalledEffects]]:
    async with running() as stand_in:
        told = Models(stand_in, said.pop("scores", {}), **said)
        stand_in.next_step = told.step  # type: ignore[method-assign]
        providers: dict[str, OpenAICompatibleModel | AnthropicModel] = {
            "openai": OpenAICompatibleModel(base_url=f"{stand_in.url}/v1", api_key=KEY),
            "anthropic": AnthropicModel(api_key=KEY, base_url=stand_in.url),
        }
        effects = JournalledEffects(pool=log.pool, providers=providers, in_flight=8, deadline_s=20.0)
        try:
            yield told, effects
        finally:
            await effects.aclose()
            for provider in providers.values():
                await provider.aclose()


def a_stage(strategy: Strategy, *names: str, **changes: Any) -> Generation:
    generators = [
        ModelGenerator(provider=provider, model=model, **changes)
        for provider, _, model in (name.partition(":") for name in names)
    ]
    scorer = ModelScorer(provider="openai", model="s")
    return Generation(generators=tuple(generators), strategy=strategy, scorer=scorer)


async def delivered(log: PostgresLog, stage: Generation, effects: Any) -> Prepared:
    engine = Engine(stage, effects, PostgresStates(log.pool), lambda: CONFIGURATION)
    return await engine.prepare([RECORD])


def events(prepared: Prepared) -> list[Any]:
    return [out.event for out in prepared.outputs]


async def journalled(log: PostgresLog) -> dict[str, int]:
    rows = await log.pool.fetch("select purpose, count(*) as n from journal group by purpose")
    return {row["purpose"]: row["n"] for row in rows}


PLANS = [
    # strategy, generators, drafts, scores, pairs
    (Strategy(), ("openai:a", "anthropic:b"), 2, 0, 1),
    (Strategy(n=5), ("openai:a", "anthropic:b"), 5, 0, 10),
    (Strategy(name="best_of_n", n=6), ("openai:a",), 6, 6, 1),
    (Strategy(name="best_of_n", n=4, pairings=("best_vs_rest",)), ("anthropic:a",), 4, 4, 3),
    (Strategy(name="rejection_sampling", budget=8), ("openai:a",), 5, 5, 4),
]


@pytest.mark.parametrize(("strategy", "names", "drafts", "scores", "pairs"), PLANS)
async def test_calls_are_as_planned_and_a_redelivery_pays_nothing(
    log: PostgresLog, strategy: Strategy, names: tuple[str, ...], drafts: int, scores: int, pairs: int
) -> None:
    stage = a_stage(strategy, *names)
    said = {"draft 1": 1, "draft 2": 2, "draft 3": 3, "draft 4": 4, "draft 5": 9, "draft 6": 6}
    async with models(log, scores=said) as (world, effects):
        first = await delivered(log, stage, effects)
        again = await delivered(log, stage, effects)

        assert (world.drafts, world.scored) == (drafts, scores)
    assert [type(event) for event in events(first)] == [PairProposed] * pairs
    assert [out.value for out in first.outputs] == [out.value for out in again.outputs]
    paid = {"generation": drafts} | ({"scoring": scores} if scores else {})
    assert await journalled(log) == paid


async def test_whenever_the_process_dies_the_next_one_pays_only_for_what_is_missing(log: PostgresLog) -> None:
    stage = a_stage(Strategy(name="rejection_sampling", budget=8), "openai:a")
    async with models(log, scores={"draft 5": 9}) as (world, effects):
        for left in range(10):
            with pytest.raises(Unavailable):
                await delivered(log, stage, CutOff(effects, left))
        done = await delivered(log, stage, effects)

        assert (world.drafts, world.scored) == (5, 5)
    assert len(done.outputs) == 4
    assert await journalled(log) == {"generation": 5, "scoring": 5}


async def test_a_budget_that_finds_no_contrast_is_spent_once_and_the_prompt_is_set_aside(
    log: PostgresLog,
) -> None:
    stage = a_stage(Strategy(n=2, budget=6), "openai:a", "anthropic:b")
    async with models(log, same=True) as (world, effects):
        [aside] = events(await delivered(log, stage, effects))
        [again] = events(await delivered(log, stage, effects))

        assert world.drafts == 6
    assert isinstance(aside, PromptSetAside)
    assert again == aside


async def test_each_provider_is_asked_only_for_what_it_takes(log: PostgresLog) -> None:
    asked = {"temperature": 0.9, "seed": 7, "effort": "low", "thinking_tokens": 1500}
    stage = a_stage(Strategy(n=4), "openai:a", "anthropic:b", parameters=asked)
    async with models(log) as (world, effects):
        pairs = events(await delivered(log, stage, effects))
        bodies = {name: [r for r in world.stand_in.requests if r["model"] == name] for name in ("a", "b")}

    assert sorted(body["seed"] for body in bodies["a"]) == [7, 8]
    assert {(body["temperature"], body["reasoning_effort"]) for body in bodies["a"]} == {(0.9, "low")}
    for body in bodies["b"]:
        assert not {"temperature", "seed", "top_p"} & set(body)
        assert body["output_config"] == {"effort": "low"}
        assert body["thinking"] == {"type": "enabled", "budget_tokens": 1500}
    told = {pair.response_b.model: pair.response_b.parameters for pair in pairs}
    assert told["anthropic:b"].keys() <= {"max_tokens", "effort", "thinking_tokens", "draw"}
