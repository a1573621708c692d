"""The driver itself: order, counters, faults and the clock."""

from collections import Counter
from time import process_time

import pytest
from tests.factories import (
    NOON_MS,
    a_constitution,
    a_label_submitted,
    a_message,
    a_pair_judged,
    a_pair_proposed,
    a_prompt_submitted,
)
from tests.topology.chains import Script, a_chain, assert_counters_add_up

from prefstream.agents.driver import CrashPoint, Driver, rows
from prefstream.agents.routing import Routing
from prefstream.agents.stage import Call, Configuration, Given, Needs, Outcome, Reply
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord

POINTS: tuple[CrashPoint, ...] = ("before_handle", "after_state", "after_emit", "before_commit", "now")


def pairs(count: int) -> list[Event]:
    return [
        a_pair_proposed(pair_id=f"p{number}", messages=(a_message(f"question {number}"),))
        for number in range(count)
    ]


def judged_ids(driver: Driver) -> list[str]:
    return [event.subject for event in driver.read("pairs.judged.v1")]


def everything(driver: Driver) -> list[LogRecord]:
    return driver.records()


def test_the_same_seed_gives_the_same_bytes() -> None:
    def run(seed: int) -> list[LogRecord]:
        driver = a_chain(seed=seed)
        driver.say(*pairs(20), *(a_label_submitted(pair_id=f"p{number}") for number in range(20)))
        driver.run_until_idle()
        return everything(driver)

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert Counter(record.value for record in run(1)) == Counter(record.value for record in run(2))


def test_records_of_one_key_share_a_partition_and_keep_their_order() -> None:
    driver = a_chain(partitions=3)
    driver.say(*pairs(30))
    records = driver.records("pairs.proposed.v1")
    assert {record.partition for record in records} == {0, 1, 2}
    for partition in range(3):
        own = [record.offset for record in records if record.partition == partition]
        assert own == list(range(len(own)))


def test_answers_come_in_any_order_but_outputs_are_appended_in_the_order_of_their_records() -> None:
    asked: list[str] = []

    def script(call: Call) -> Reply:
        asked.append(str(call.request["pair_id"]))
        return Reply(content={"votes": []}, at_ms=NOON_MS)

    driver = a_chain(script=script, partitions=1, seed=3)  # type: ignore[arg-type]
    driver.say(*pairs(20))
    driver.run_until_idle()
    assert asked != [f"p{number}" for number in range(20)]
    assert judged_ids(driver) == [f"p{number}" for number in range(20)]


def test_no_more_records_of_a_partition_are_in_flight_than_the_window() -> None:
    driver = a_chain(partitions=1, window=3)
    driver.say(*pairs(20))
    highest = 0
    while driver.run(1):
        highest = max(highest, driver.tally("judging").in_flight)
        assert driver.tally("validation").in_flight <= 3 * 2
        assert_counters_add_up(driver)
    assert highest == 3


@pytest.mark.parametrize(
    "stage", ["curation", "generation", "judging", "routing", "resolution", "validation"]
)
@pytest.mark.parametrize("at", POINTS)
def test_a_crash_at_any_point_of_any_stage_loses_nothing(stage: str, at: CrashPoint) -> None:
    driver = a_chain(commit_share=0.5, seed=5)
    driver.say(a_prompt_submitted(), *pairs(6))
    driver.say(*(a_label_submitted(pair_id=f"p{number}") for number in range(6)))
    driver.run(10)
    driver.crash(stage, at=at)
    driver.run_until_idle()
    final = rows(driver.records())
    assert sum(row.verdict is not None for row in final.pairs.values()) == 6
    assert len(final.pairs) == 7
    assert not final.conflicts
    assert_counters_add_up(driver)


def test_a_crash_after_the_state_is_saved_loses_the_outputs_and_redelivery_says_them_again() -> None:
    driver = a_chain()
    driver.say(a_pair_proposed(), a_label_submitted())
    driver.crash("resolution", at="after_state")
    driver.run_until_idle()
    assert driver.state("resolution", "pair-1") is not None
    assert driver.state("resolution", "another") is None
    assert len({event.event_id for event in driver.read("labels.resolved.v1")}) == 1


def test_a_crash_after_the_outputs_are_appended_says_them_twice_under_one_id() -> None:
    driver = a_chain()
    driver.crash("judging", at="after_emit")
    driver.say(a_pair_proposed())
    driver.run_until_idle()
    first, again = driver.read("pairs.judged.v1")
    assert first == again
    assert len(driver.read("pairs.routed.v1")) == 2
    assert len(rows(driver.records()).archive) == 3


def test_uncommitted_records_come_back_after_a_crash_and_committed_ones_do_not() -> None:
    for commit_share, times in ((0.0, 2), (1.0, 1)):
        driver = a_chain(commit_share=commit_share)
        driver.say(*pairs(4))
        driver.run_until_idle()
        driver.crash("judging")
        driver.run_until_idle()
        assert len(judged_ids(driver)) == 4 * times


def test_a_journalled_answer_is_never_paid_for_twice() -> None:
    script = Script()
    driver = a_chain(script=script, commit_share=0.0)
    driver.say(a_prompt_submitted())
    for at in POINTS[:3]:
        driver.crash("generation", at=at)
        driver.run_until_idle()
    driver.redeliver("generation", 1)
    driver.run_until_idle()
    assert (script.asked["careful"], script.asked["hasty"]) == (1, 1)
    assert len(driver.answers.journal) == 2
    assert len({event.event_id for event in driver.read("pairs.proposed.v1")}) == 1


def test_redelivery_hands_over_the_last_records_of_every_partition_again() -> None:
    driver = a_chain(partitions=1)
    driver.say(*pairs(5))
    driver.run_until_idle()
    driver.redeliver("judging", 2)
    driver.run_until_idle()
    assert judged_ids(driver) == ["p0", "p1", "p2", "p3", "p4", "p3", "p4"]
    assert driver.tally("judging").received == 7


def test_an_old_owner_may_still_append_after_its_partition_has_moved() -> None:
    seen = 0
    for seed in range(20):
        driver = a_chain(seed=seed, commit_share=0.0)
        driver.say(*pairs(12))
        driver.run(60)
        before = driver.tally("judging")
        driver.rebalance("judging")
        assert driver.tally("judging").received <= before.received
        driver.run_until_idle()
        assert_counters_add_up(driver)
        ids = Counter(judged_ids(driver))
        assert set(ids) == {f"p{number}" for number in range(12)}
        seen += max(ids.values()) > 1
        assert not rows(driver.records()).conflicts
    assert seen > 0


def test_a_stage_that_raises_makes_a_dead_letter_with_its_cause() -> None:
    class Raising(Routing):
        def handle(self, event: Event, given: Given) -> Outcome:
            raise ZeroDivisionError("by nought")

    class Unsure(Routing):
        def needs(self, event: Event, given: Given) -> Needs:
            raise LookupError("no such thing")

    class Endless(Routing):
        def needs(self, event: Event, given: Given) -> Needs:
            request = {"generator": "g", "prompt_id": str(len(given.answers))}
            return Needs(calls=(Call(provider="scripted", request=request),))

    class Greedy(Routing):
        def needs(self, event: Event, given: Given) -> Needs:
            return Needs(keys=frozenset({str(len(given.states))}))

    found = {}
    for stage in (Raising(), Unsure(), Endless(), Greedy()):
        driver = Driver([stage], Configuration(constitution=a_constitution()), answers=Script())
        driver.say(a_pair_judged())
        driver.run_until_idle()
        (letter,) = rows(driver.records()).dead_letters
        assert letter.reason == "defect"
        assert driver.tally("routing").dead == 1
        found[type(stage).__name__] = letter.detail
    assert found == {
        "Raising": "ZeroDivisionError: by nought",
        "Unsure": "LookupError: no such thing",
        "Endless": "RuntimeError: asked more than 50 times for one event",
        "Greedy": "RuntimeError: asked more than 50 times for one event",
    }


def test_without_a_script_every_call_fails_for_good() -> None:
    driver = a_chain()
    bare = Driver(
        [consumer.stage for consumer in driver._consumers.values()],
        Configuration(constitution=a_constitution()),
    )
    bare.say(a_prompt_submitted())
    bare.settle()
    (letter,) = rows(bare.records()).dead_letters
    assert letter.reason == "no_provider"


def test_a_retry_whose_headers_do_not_fit_is_a_dead_letter() -> None:
    driver = a_chain()
    driver.pipe("judging.retry.v1", "pair-1", a_pair_proposed(), headers=())
    driver.pipe("judging.retry.v1", "pair-1", b"{}", headers=(("ps_stage", b"judging"),))
    driver.settle()
    assert driver.tally("judging").dead == 1
    assert driver.tally("judging").done == 1


def test_what_cannot_be_read_on_a_configuration_topic_changes_nothing() -> None:
    driver = a_chain()
    before = driver.configuration
    driver.pipe("policies.published.v1", "policy", b"no event")
    driver.pipe("policies.published.v1", "policy", a_pair_proposed())
    assert driver.configuration is before


def test_reading_a_topic_that_holds_no_events_says_so() -> None:
    driver = a_chain()
    driver.pipe("pairs.proposed.v1", "p", b"no event")
    with pytest.raises(Undecodable):
        driver.read("pairs.proposed.v1")


def test_the_driver_takes_more_than_a_thousand_records_a_second() -> None:
    driver = a_chain()
    driver.say(*pairs(500))
    before = process_time()
    driver.run_until_idle()
    assert len(driver.records()) / (process_time() - before) > 1000
