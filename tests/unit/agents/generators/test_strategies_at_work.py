"""Strategies over models that answer by a script: what is asked, what is paid, what becomes a pair."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.factories import NOON_MS, a_constitution, a_principle, a_prompt_curated

from prefstream.agents.driver import Driver
from prefstream.agents.generation import Generation, Scorer
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.generators.scoring import ModelScorer
from prefstream.agents.stage import Answer, Call, Configuration, Failure, Given, Outcome, Reply
from prefstream.domain.generation import Strategy
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.prompts import PromptSetAside
from prefstream.schemas.values import Provenance

PROMPT = a_prompt_curated()
CONFIGURATION = Configuration(
    constitution=a_constitution(principles=(a_principle(id="P1"), a_principle(id="P2", priority=2)))
)
#: What the script gives for a draw: a text, or a whole answer.
Told = str | Answer


@dataclass
class World:
    """Models and a scorer that answer by a script, and count who was paid for what."""

    drafts: Callable[[str, int], Told]
    scores: Callable[[str], Any] = lambda text: 5
    paid: Counter[str] = field(default_factory=Counter)
    asked: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> Answer:
        self.asked.append(call)
        self.paid[call.request_id] += 1
        if call.request.get("tool"):
            return self._scored(call)
        told = self.drafts(str(call.request["model"]), int(call.request.get("draw", 0)))
        return Reply(content={"text": told, "stop": "end"}, at_ms=NOON_MS) if isinstance(told, str) else told

    def _scored(self, call: Call) -> Answer:
        text = call.request["messages"][0]["content"].split(">>\n")[-1].split("\n<<END")[0]
        told = self.scores(text)
        said = {"scores": [{"clause": "P1", "score": told}]} if isinstance(told, int) else told
        tool = {"name": "record_scores", "input": said}
        return Reply(content={"text": "", "tool": tool, "stop": "tool"}, at_ms=NOON_MS)

    def count(self, purpose: str) -> int:
        return sum(call.about.purpose == purpose for call in self.asked)


def played(stage: Generation, world: World, journal: dict[str, Answer] | None = None) -> Outcome:
    """Take the prompt through the stage as a runner does; replies in the journal cost nothing."""
    known: dict[str, Answer] = {} if journal is None else journal
    answers: dict[str, Answer] = {}
    while True:
        given = Given(configuration=CONFIGURATION, answers=answers)
        calls = [call for call in stage.needs(PROMPT, given).calls if call.request_id not in answers]
        if not calls:
            return stage.handle(PROMPT, given)
        for call in calls:
            answer = known.get(call.request_id) or world(call)
            if isinstance(answer, Reply):
                known[call.request_id] = answer
            answers[call.request_id] = answer


def models(*names: str, **changes: Any) -> tuple[ModelGenerator, ...]:
    return tuple(ModelGenerator(provider="openai", model=name, **changes) for name in names)


def a_stage(
    strategy: Strategy, generators: Sequence[ModelGenerator], scorer: Scorer | None = None
) -> Generation:
    return Generation(generators=tuple(generators), strategy=strategy, scorer=scorer)


SCORER = ModelScorer(provider="openai", model="scorer")


def pairs_of(outcome: Outcome) -> list[PairProposed]:
    assert all(isinstance(event, PairProposed) for event in outcome.events), outcome
    return list(outcome.events)  # type: ignore[arg-type]


def named(model: str, draw: int) -> str:
    return f"{model}-{draw}"


@pytest.mark.parametrize(
    ("strategy", "scorer", "drawn", "scored", "pairs"),
    [
        (Strategy(n=4), None, 4, 0, 6),
        (Strategy(n=4, max_pairs=2), None, 4, 0, 2),
        (Strategy(name="best_of_n", n=4), SCORER, 4, 4, 1),
        (Strategy(name="best_of_n", n=4, pairings=("best_vs_worst", "best_vs_median")), SCORER, 4, 4, 2),
        (Strategy(name="best_of_n", n=4, pairings=("best_vs_rest",)), SCORER, 4, 4, 3),
        (Strategy(name="rejection_sampling", n=2, budget=8), SCORER, 4, 4, 3),
    ],
)
def test_n_budget_and_calls_are_as_planned_and_a_redelivery_pays_nothing(
    strategy: Strategy, scorer: ModelScorer | None, drawn: int, scored: int, pairs: int
) -> None:
    # Of one model's draws the fourth is good, so rejection sampling needs four.
    world = World(named, scores=lambda text: {"m-3": 9, "m-2": 5, "m-1": 2}.get(text, 1))
    stage, journal = a_stage(strategy, models("m"), scorer), dict[str, Answer]()

    first = played(stage, world, journal)
    again = played(stage, world, journal)

    assert (world.count("generation"), world.count("scoring")) == (drawn, scored)
    assert set(world.paid.values()) == {1}
    assert first == again
    assert len(pairs_of(first)) == pairs


def test_every_call_says_what_it_is_for() -> None:
    world = World(named)
    played(a_stage(Strategy(name="best_of_n", n=2), models("m"), SCORER), world)

    told = [(call.about.purpose, call.about.subject, call.about.slice) for call in world.asked]
    assert set(told) == {(purpose, PROMPT.prompt_id, PROMPT.slice) for purpose in ("generation", "scoring")}
    assert {call.about.asked_by for call in world.asked} == {models("m")[0].id, SCORER.id}


def test_empty_same_and_cut_off_candidates_are_drawn_again_within_the_budget() -> None:
    answers: Mapping[tuple[str, int], Told] = {
        ("a", 0): "",
        ("b", 0): "same",
        ("c", 0): "  same ",
        ("d", 0): Reply(content={"text": "cut", "stop": "max_tokens"}, at_ms=NOON_MS),
    }
    world = World(lambda model, draw: answers.get((model, draw), named(model, draw)))

    outcome = played(a_stage(Strategy(budget=7, max_pairs=99), models("a", "b", "c", "d")), world)

    texts = {text for pair in pairs_of(outcome) for text in (pair.response_a.text, pair.response_b.text)}
    assert texts == {"a-1", "same", "c-1", "d-1"}
    assert world.count("generation") == 7


def test_a_cut_off_candidate_says_so_where_it_is_allowed() -> None:
    cut = Reply(content={"text": "cut", "stop": "max_tokens"}, at_ms=NOON_MS)
    world = World(lambda model, draw: cut if model == "a" else "whole")

    (pair,) = pairs_of(played(a_stage(Strategy(allow_truncated=True), models("a", "b")), world))

    assert pair.response_a.parameters["truncated"] is True
    assert "truncated" not in pair.response_b.parameters


def test_a_draw_that_the_model_declined_is_no_candidate() -> None:
    declined = Reply(content={"text": "I", "stop": "refusal"}, at_ms=NOON_MS)
    world = World(lambda model, draw: declined)

    (event,) = played(a_stage(Strategy(), models("a", "b")), world).events

    assert isinstance(event, PromptSetAside)
    assert "4 declined" in event.detail


def test_the_better_side_stands_first_by_a_coin_and_scores_are_kept() -> None:
    first = []
    for number in range(40):
        prompt = a_prompt_curated(prompt_id=f"p{number}")
        stage = a_stage(Strategy(name="best_of_n", n=2), models("m"), SCORER)
        world = World(named, scores=lambda text: 8 if text == "m-1" else 3)
        answers: dict[str, Answer] = {}
        for _ in range(2):
            given = Given(configuration=CONFIGURATION, answers=answers)
            answers |= {call.request_id: world(call) for call in stage.needs(prompt, given).calls}
        (pair,) = pairs_of(stage.handle(prompt, Given(configuration=CONFIGURATION, answers=answers)))
        scores = {one.text: one.parameters["score"] for one in (pair.response_a, pair.response_b)}
        assert scores == {"m-0": 0.3, "m-1": 0.8}
        assert pair.response_a.parameters["scorer"] == SCORER.id
        assert pair.response_a.parameters["score:P1"] == pair.response_a.parameters["score"]
        first.append(pair.response_a.text)

    assert 8 <= first.count("m-1") <= 32


@pytest.mark.parametrize(
    "bad", [{"scores": []}, {"scores": [{"clause": "P1", "score": 11}]}, "7 of 10", None]
)
def test_a_score_that_cannot_be_read_is_asked_for_once_more_and_then_is_none(bad: Any) -> None:
    world = World(named, scores=lambda text: bad if text == "m-0" else {"m-1": 9, "m-2": 1}[text])

    (pair,) = pairs_of(played(a_stage(Strategy(name="best_of_n", n=3), models("m"), SCORER), world))

    assert {pair.response_a.text, pair.response_b.text} == {"m-1", "m-2"}
    assert world.count("scoring") == 4


def test_prompts_whose_scores_cannot_be_read_are_set_aside() -> None:
    world = World(named, scores=lambda text: None)

    (event,) = played(a_stage(Strategy(name="best_of_n", n=2), models("m"), SCORER), world).events

    assert isinstance(event, PromptSetAside)
    assert event.reason == "unscored"


def test_a_scorer_that_refuses_for_good_makes_a_dead_letter() -> None:
    failure = Failure(reason="unknown_model", detail="404", transient=False)
    world = World(named)
    world._scored = lambda call: failure  # type: ignore[method-assign]

    outcome = played(a_stage(Strategy(name="best_of_n", n=2), models("m"), SCORER), world)

    assert outcome.detour is not None
    assert outcome.detour.reason == "unknown_model"


def test_after_a_failure_that_passes_only_what_is_missing_is_asked() -> None:
    overloaded = Failure(reason="overloaded", detail="529", transient=True)
    world = World(lambda model, draw: overloaded if model == "b" else named(model, draw))
    stage, journal = a_stage(Strategy(), models("a", "b", "c")), dict[str, Answer]()

    assert played(stage, world, journal).detour is not None
    asked = len(world.asked)
    world.drafts = named
    pairs = pairs_of(played(stage, world, journal))

    assert len(pairs) == 3
    assert [call.request["model"] for call in world.asked[asked:]] == ["b"]


def test_a_group_without_contrast_ends_in_the_prompts_topic_and_nobody_is_asked_again() -> None:
    world = World(lambda model, draw: "same")
    driver = Driver([a_stage(Strategy(budget=4), models("a", "b"))], CONFIGURATION, answers=world)
    driver.say(PROMPT)
    driver.run_until_idle()

    assert world.count("generation") == 4
    assert [event.type for event in driver.read("prompts.curated.v1")] == ["PromptCurated", "PromptSetAside"]
    assert driver.tally("generation").done == 2


def test_what_a_stand_in_wrote_is_simulated() -> None:
    generator = models("m")[0]

    assert generator.response({"text": "x", "stand_in": True}).provenance is Provenance.SIMULATED
    assert generator.response({"text": "x"}).provenance is Provenance.REAL
