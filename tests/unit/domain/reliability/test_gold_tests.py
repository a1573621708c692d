from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.reliability import GoldRecord, GoldTest, operating
from prefstream.schemas.errors import BadInput

PEOPLE = 10_000


def decided(accuracy: float) -> list[GoldRecord]:
    """Return the records of people at their decision."""
    chance, records = Random(1), []
    for _ in range(PEOPLE):
        record = GoldRecord()
        while record.standing == "open":
            record = record.after(right=chance.random() < accuracy)
        records.append(record)
    return records


@pytest.mark.parametrize(
    ("accuracy", "standing"), [(0.85, "failed"), (0.9, "failed"), (0.5, "passed"), (0.4, "passed")]
)
def test_stated_error_rates_hold_for_ten_thousand_people(accuracy: float, standing: str) -> None:
    test = GoldTest()
    stated = test.false_alarm if standing == "failed" else test.miss
    records = decided(accuracy)
    erred = sum(record.standing == standing for record in records)
    assert erred / PEOPLE <= stated
    exact = operating(test, accuracy)
    chance = exact.failed if standing == "failed" else exact.passed
    assert chance <= stated
    # The count is binomial about the exact chance; five standard errors leave no room for luck.
    assert abs(erred - PEOPLE * chance) <= 5 * (PEOPLE * chance * (1 - chance)) ** 0.5 + 1
    mean = sum(record.answers for record in records) / PEOPLE
    assert mean == pytest.approx(exact.questions, rel=0.05)


@pytest.mark.parametrize(("false_alarm", "miss"), [(0.01, 0.01), (0.1, 0.05), (0.02, 0.2)])
@pytest.mark.parametrize(("honest", "careless"), [(0.85, 0.5), (0.7, 0.33), (0.95, 0.8)])
def test_stated_error_rates_hold_exactly_for_any_test(
    false_alarm: float, miss: float, honest: float, careless: float
) -> None:
    test = GoldTest(honest=honest, careless=careless, false_alarm=false_alarm, miss=miss)
    good, bad = operating(test, honest), operating(test, careless)
    assert good.failed <= false_alarm
    assert bad.passed <= miss
    assert good.undecided < 1e-3
    assert good.failed + good.passed + good.undecided == pytest.approx(1.0)


def flagged_by_the_plain_rule(accuracy: float, questions: int) -> float:
    """P(below 60 % at any time from 5 answers on), by following all counts."""
    still, flagged = {0: 1.0}, 0.0
    for n in range(1, questions + 1):
        after: dict[int, float] = {}
        for right, chance in still.items():
            after[right] = after.get(right, 0.0) + chance * (1 - accuracy)
            after[right + 1] = after.get(right + 1, 0.0) + chance * accuracy
        flagged += sum(chance for right, chance in after.items() if n >= 5 and right < 0.6 * n)
        still = {right: chance for right, chance in after.items() if n < 5 or right >= 0.6 * n}
    return flagged


def test_more_coin_flippers_are_caught_than_by_the_plain_rule_with_fewer_false_alarms() -> None:
    plain_false = flagged_by_the_plain_rule(0.85, 20)
    plain_caught = flagged_by_the_plain_rule(0.5, 20)
    test = GoldTest(false_alarm=0.1, miss=0.02)
    honest, flipper = operating(test, 0.85), operating(test, 0.5)
    assert honest.failed < plain_false
    assert flipper.failed_by[19] > plain_caught
    assert operating(GoldTest(), 0.85).failed < plain_false / 2
    assert operating(GoldTest(), 0.5).failed > 0.98


def test_a_decision_is_that_of_the_counts() -> None:
    record = GoldRecord().after_all([False, False, False])
    assert (record.standing, record.decided_at, record.since) == ("failed", 2, 0)
    assert record.after_all([True] * 50).standing == "failed"


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 60))
def test_a_record_in_two_parts_is_the_record_of_the_whole(answers: list[bool], at: int) -> None:
    parts = GoldRecord().after_all(answers[:at]).after_all(answers[at:])
    assert parts == GoldRecord().after_all(answers)
    assert parts.answers == len(answers)


def test_who_falls_after_passing_is_found_and_since_when() -> None:
    chance = Random(3)
    delays, since = [], []
    for _ in range(200):
        record = GoldRecord().after_all([True] * 12)
        assert record.standing == "passed"
        record = record.after_all([chance.random() < 0.85 for _ in range(28)])
        if record.standing == "fallen":
            continue
        while record.standing == "passed":
            record = record.after(right=chance.random() < 0.5)
        assert record.since is not None
        delays.append(record.answers - 40)
        since.append(record.since)
    assert len(delays) > 190
    assert sorted(delays)[len(delays) // 2] <= 30
    assert abs(sorted(since)[len(since) // 2] - 40) <= 5


def test_who_stays_honest_seldom_falls() -> None:
    fallen, chance = 0, Random(4)
    for _ in range(500):
        record = GoldRecord().after_all([True] * 12).after_all([chance.random() < 0.85 for _ in range(200)])
        fallen += record.standing == "fallen"
    # At most 200 of 4000 answers, plus three standard errors of 500 people.
    assert fallen / 500 <= 0.05 + 3 * (0.05 * 0.95 / 500) ** 0.5


def test_a_test_that_tells_nothing_apart_is_refused() -> None:
    with pytest.raises(BadInput, match="less often"):
        GoldTest(honest=0.5, careless=0.5)
    with pytest.raises(BadInput, match="error rates"):
        GoldTest(miss=0.0)
