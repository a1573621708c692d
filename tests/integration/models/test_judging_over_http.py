"""Judging against a loopback stand-in of the vendors' APIs: whatever they answer, no pair is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.factories import NOON_MS, a_pair_proposed, a_response
from tests.stand_ins.llm import GOOD_INPUT, KEY, LlmStandIn, Step, running

from prefstream.adapters.constitutions import shipped_constitution
from prefstream.adapters.models.anthropic import AnthropicModel
from prefstream.adapters.models.openai_compatible import OpenAICompatibleModel
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judging import Judging
from prefstream.agents.stage import Answer, Configuration, Given, Outcome, Retry
from prefstream.schemas.codec import MAX_VALUE_BYTES, encode
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.pairs import PairProposed
from prefstream.streams.keys import Keys, KeyWatch

CONFIGURATION = Configuration(constitution=shipped_constitution())
PAIR = a_pair_proposed()
PROVIDERS = ("anthropic", "openai")


@dataclass
class Asker:
    """Takes a pair through judging as a runner does."""

    provider: str
    url: str
    key: str = KEY
    keys: Keys = field(default_factory=Keys)

    async def outcome(self, pair: PairProposed = PAIR, **settings: Any) -> Outcome:
        stage = Judging(panel=(ModelJudge(provider=self.provider, model="stand-in-1", **settings),))
        model = KeyWatch(self.provider, self._model(), self.keys)
        answers: dict[str, Answer] = {}
        while True:
            given = Given(configuration=CONFIGURATION, answers=answers)
            missing = [c for c in stage.needs(pair, given).calls if c.request_id not in answers]
            if not missing:
                await model.provider.aclose()  # type: ignore[attr-defined]
                return stage.handle(pair, given)
            for call in missing:
                answers[call.request_id] = await model.answer(call)

    async def judged(self, pair: PairProposed = PAIR, **settings: Any) -> PairJudged:
        (event,) = (await self.outcome(pair, **settings)).events
        assert isinstance(event, PairJudged)
        return event

    def _model(self) -> AnthropicModel | OpenAICompatibleModel:
        if self.provider == "anthropic":
            return AnthropicModel(api_key=self.key, base_url=self.url, clock_ms=lambda: NOON_MS)
        return OpenAICompatibleModel(base_url=f"{self.url}/v1", api_key=self.key, clock_ms=lambda: NOON_MS)


async def judged(provider: str, script: Sequence[Step], **settings: Any) -> tuple[PairJudged, LlmStandIn]:
    async with running(*script) as stand_in:
        return await Asker(provider, stand_in.url).judged(**settings), stand_in


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_nonsense_with_status_200_is_asked_again_once_and_then_is_no_verdict(provider: str) -> None:
    event, stand_in = await judged(provider, [Step(kind="nonsense")])

    assert len(stand_in.requests) == 4
    assert [vote.verdict for vote in event.votes] == [None, None]
    assert (event.label, event.flags) == (None, ())


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_nonsense_that_passes_costs_one_more_call_and_no_verdict(provider: str) -> None:
    event, stand_in = await judged(provider, [Step(kind="nonsense"), Step()], orders=("ab",))

    assert len(stand_in.requests) == 2
    assert [vote.verdict for vote in event.votes] == ["A>"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_rationale_of_two_megabytes_does_no_harm(provider: str) -> None:
    event, _ = await judged(provider, [Step(input=GOOD_INPUT | {"rationale": "long " * 400_000})])

    assert len(event.votes) == 2
    assert len(encode(event)) < MAX_VALUE_BYTES


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("text", ["هو 391 تمامًا", "זה 391 בדיוק", "\u202e193\u202c"])
async def test_a_pair_in_a_right_to_left_script_is_judged_and_quoted(provider: str, text: str) -> None:
    clauses = [{"clause": "correctness", "verdict": "A", "quote": text}]
    pair = a_pair_proposed(response_a=a_response(text))
    async with running(Step(input=GOOD_INPUT | {"clauses": clauses})) as stand_in:
        event = await Asker(provider, stand_in.url).judged(pair)

    assert text in stand_in.requests[0]["messages"][-1]["content"]
    assert event.votes[0].clause_verdicts[0].quote == text
    assert "quote_not_found" not in event.flags


async def test_half_an_emoji_in_an_answer_does_not_cost_the_verdict() -> None:
    event, _ = await judged("anthropic", [Step(input=GOOD_INPUT | {"rationale": "fine \ud83d"})])

    assert event.label == "="
    assert event.votes[0].rationale.startswith("fine ")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(("status", "asked_until_sure"), [(401, 1), (403, 3)])
async def test_a_key_revoked_mid_run_makes_the_pair_wait_until_it_is_mended(
    provider: str, status: int, asked_until_sure: int
) -> None:
    revoked = Step(kind="status", status=status)
    now_s = [0.0]
    keys = Keys(clock_s=lambda: now_s[0])
    async with running(Step(), revoked) as stand_in:
        asker = Asker(provider, stand_in.url, keys=keys)
        before = await asker.outcome(orders=("ab",))
        stopped = await asker.outcome()
        still = await asker.outcome()
        asked = len(stand_in.requests)
        complaint = keys.complaints()
        stand_in.script = [Step()]
        now_s[0] += 60
        after = await asker.outcome()

    assert len(before.events) == 1
    for outcome in (stopped, still):
        assert outcome.events == ()
        assert isinstance(outcome.detour, Retry)
        assert (outcome.detour.waiting, outcome.detour.after_s) == (True, 60)
    assert asked == 1 + asked_until_sure
    assert "the key was refused" in complaint[0]
    assert len(after.events) == 1
    assert keys.complaints() == []


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_five_variants_in_two_orders_are_ten_votes(provider: str) -> None:
    variants = ("plain", "verdict_first", "own_answer", "faults_first", "last_clause_first")
    event, stand_in = await judged(provider, [Step()], variants=variants)

    assert len(event.votes) == len(stand_in.requests) == 10
    assert event.label == "="
    assert event.confidence == 0.5 / 11
