"""Curation in the chain: duplicates, protected sets, sampling and a classifier, under crashes and retries."""

from collections import Counter

import pytest
from tests.factories import (
    NOON_MS,
    a_constitution,
    a_message,
    a_prompt_submitted,
    a_protected_set_published,
    a_sampling_plan,
    a_sampling_plan_published,
)

from prefstream.agents.classification import ModelClassifier
from prefstream.agents.curation import Curation
from prefstream.agents.driver import CrashPoint, Driver, rows
from prefstream.agents.stage import Answer, Call, Configuration, Failure, Reply
from prefstream.domain.curation.protection import parts_of, protected_set
from prefstream.schemas.prompts import PromptCurated, PromptSetAside, PromptSubmitted

POINTS: tuple[CrashPoint, ...] = ("before_handle", "after_state", "after_emit", "before_commit", "now")
MODEL = ModelClassifier(provider="scripted", model="m", slices={"code": "", "law": ""})


def prompts(count: int, texts: int) -> list[PromptSubmitted]:
    """Build prompts that say so many different things."""
    return [
        a_prompt_submitted(prompt_id=f"p{n}", messages=(a_message(f"Question {n % texts} about whales"),))
        for n in range(count)
    ]


def a_driver(stage: Curation, script: object = None, **settings: object) -> Driver:
    configuration = Configuration(constitution=a_constitution(curation=()))
    answers = {"answers": script} if script else {}
    return Driver([stage], configuration, **answers, **settings)  # type: ignore[arg-type]


def fates(driver: Driver) -> dict[str, str]:
    found: dict[str, str] = {}
    for event in driver.read("prompts.curated.v1"):
        assert isinstance(event, PromptCurated | PromptSetAside)
        fate = event.reason if isinstance(event, PromptSetAside) else "curated"
        assert found.setdefault(event.prompt_id, fate) == fate, "a redelivery says the same again"
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("at", POINTS)
def test_of_those_that_say_the_same_exactly_one_is_used_whatever_crashes(seed: int, at: CrashPoint) -> None:
    driver = a_driver(Curation(), seed=seed, commit_share=0.3)
    driver.say(*prompts(30, texts=7))
    driver.run(12)
    driver.crash("curation", at=at)
    driver.run(12)
    driver.rebalance("curation")
    driver.run_until_idle()

    assert Counter(fates(driver).values()) == {"curated": 7, "duplicate": 23}
    assert not rows(driver.records()).conflicts
    assert_curation_adds_up(driver)


def assert_curation_adds_up(driver: Driver) -> None:
    tally = driver.tally("curation")
    assert tally.received == tally.done + tally.retry + tally.dead + tally.in_flight


def test_on_one_partition_the_first_in_the_log_is_the_one_that_is_used() -> None:
    driver = a_driver(Curation(), partitions=1)
    driver.say(*prompts(12, texts=3))
    driver.run_until_idle()
    used = [prompt_id for prompt_id, fate in fates(driver).items() if fate == "curated"]
    assert used == ["p0", "p1", "p2"]


def test_what_is_published_meanwhile_holds_from_then_on() -> None:
    driver = a_driver(Curation())
    driver.say(*prompts(3, texts=3))
    driver.run_until_idle()
    exam = protected_set("exam", ["Question 4 about whales"])
    (hashes,) = parts_of(exam)
    driver.say(
        a_protected_set_published(set_id=exam.set_id, prompts=hashes[0], grams=hashes[1]),
        a_sampling_plan_published(plan=a_sampling_plan(keep={}, keep_others=0.0)),
    )
    driver.run_until_idle()
    driver.say(*prompts(6, texts=6)[3:])
    driver.run_until_idle()
    assert fates(driver) == {
        "p0": "curated",
        "p1": "curated",
        "p2": "curated",
        "p3": "not_sampled",
        "p4": "protected",
        "p5": "not_sampled",
    }


class Moody:
    """A model that fails twice for every prompt before it says what it is about."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def __call__(self, call: Call) -> Answer:
        self.asked[call.request_id] += 1
        if self.asked[call.request_id] <= 2:
            return Failure(reason="overloaded", detail="529", transient=True)
        said = {"slice": "law", "stakes": "high"}
        return Reply(content={"tool": {"name": "record_place", "input": said}}, at_ms=NOON_MS + 1000)


@pytest.mark.parametrize("at", POINTS)
def test_a_classifier_that_fails_is_tried_again_and_never_paid_twice(at: CrashPoint) -> None:
    model = Moody()
    driver = a_driver(Curation(classifier=MODEL), model, seed=4, commit_share=0.5)
    driver.say(*prompts(12, texts=5))
    driver.run(8)
    driver.crash("curation", at=at)
    driver.settle()

    # A prompt that waits to be tried again may lose its place to one that says the same.
    assert Counter(fates(driver).values()) == {"curated": 5, "duplicate": 7}
    curated = [event for event in driver.read("prompts.curated.v1") if isinstance(event, PromptCurated)]
    assert {(event.slice, event.stakes, event.classifier_id) for event in curated} == {
        ("law", "high", MODEL.id)
    }
    assert driver.tally("curation").retry > 0
    assert set(model.asked.values()) == {3}
    assert_curation_adds_up(driver)
