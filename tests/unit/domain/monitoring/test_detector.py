"""The e-detector: seldom wrong while the promise holds, quick when it does not."""

import time
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.monitoring import ARL, Detector, Outcome, alarms, bets_of

OUTCOMES = st.lists(st.booleans(), max_size=60)


def after(outcomes: Iterable[bool], *, alpha: float = 0.1, arl: float = ARL) -> Detector:
    detector = Detector.begin(alpha=alpha, arl=arl)
    for agrees in outcomes:
        detector = detector.after(agrees=agrees)
    return detector


def outcomes(agreements: Iterable[bool], *, stream: str = "code", alpha: float = 0.1) -> list[Outcome]:
    return [
        Outcome(stream=stream, alpha=alpha, agrees=agrees, id=f"{stream}-{place}")
        for place, agrees in enumerate(agreements)
    ]


@given(OUTCOMES, st.sampled_from([0.02, 0.1, 0.2, 0.5, 0.8]))
def test_the_recursion_equals_its_definition(agreements: list[bool], alpha: float) -> None:
    """R_t is the sum over every start of the product of the factors since; a CUSUM is their maximum."""
    detector = after(agreements, alpha=alpha, arl=float("inf"))
    for place, bet in enumerate(bets_of(alpha)):
        factors = [1 - bet * alpha / (1 - alpha) if agrees else 1 + bet for agrees in agreements]
        products = [1.0]
        for factor in reversed(factors):
            products.append(products[-1] * factor)
        assert detector.evidence[place] == pytest.approx(sum(products[1:]), rel=1e-9)
        assert detector.runs[place] == pytest.approx(max(products[1:], default=0.0), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1, 0.2, 0.5, 0.9])
def test_every_bet_is_fair_at_the_promise_and_no_factor_is_negative(alpha: float) -> None:
    detector = Detector.begin(alpha=alpha)
    for agreed, erred in zip(*detector.factors, strict=True):
        assert 0 < agreed < 1 < erred
        assert (1 - alpha) * agreed + alpha * erred == pytest.approx(1.0)


def test_agreement_alone_never_alarms() -> None:
    assert after([True] * 20_000).alarm is None


def test_after_the_alarm_nothing_changes() -> None:
    alarmed = after([False] * 50)
    assert alarmed.alarm is not None
    assert alarmed.after(agrees=True) is alarmed


def test_the_change_is_put_where_it_was() -> None:
    chance = Random(3)
    detector = after(
        [chance.random() < 0.95 for _ in range(300)] + [chance.random() < 0.4 for _ in range(60)]
    )
    assert detector.alarm is not None
    assert 295 <= detector.alarm.since <= 305
    assert detector.alarm.at < 330


def test_false_alarms_are_as_rare_as_promised_at_the_bound_itself() -> None:
    """Among n outcomes the probability of one is at most n / ARL: here 500 / 10,000 of 400 runs."""
    alarmed = 0
    for seed in range(400):
        chance = Random(seed)
        detector = after((chance.random() < 0.9 for _ in range(500)), arl=10_000.0)
        alarmed += detector.alarm is not None
    assert alarmed <= 20 + 3 * 20**0.5


def test_drift_is_found_about_as_fast_as_the_reference_says() -> None:
    """Reference: from .85 to .60 at outcome 500, median delay 48 at a mean of 40,000 to a false alarm."""
    delays = []
    for seed in range(100):
        chance = Random(seed)
        detector = after(
            (chance.random() < (0.85 if place < 500 else 0.6) for place in range(900)), alpha=0.15
        )
        if detector.alarm is not None and detector.alarm.at >= 500:
            delays.append(detector.alarm.at - 500)
    assert len(delays) >= 95
    assert sorted(delays)[len(delays) // 2] <= 55


def test_a_step_takes_less_than_twenty_microseconds() -> None:
    detector = after([True] * 10)
    best = min(_seconds_of_steps(detector, 2000) for _ in range(5))
    assert best / 2000 < 20e-6


def _seconds_of_steps(detector: Detector, count: int) -> float:
    begun = time.perf_counter()
    for _ in range(count):
        detector.after(agrees=True)
    return time.perf_counter() - begun


def test_each_stream_has_its_own_alarm() -> None:
    sound, broken = outcomes([True] * 40, stream="code"), outcomes([False] * 40, stream="law")
    mixed = [one for two in zip(sound, broken, strict=True) for one in two]
    (drift,) = alarms(mixed)
    assert (drift.stream, drift.since, drift.outcomes, drift.errors) == ("law", "law-0", 7, 7)
    assert drift.raised_by == "law-6"


def test_another_promise_begins_anew() -> None:
    first = outcomes([False] * 5)
    second = [Outcome(stream="code", alpha=0.2, agrees=False, id=f"later-{place}") for place in range(5)]
    assert alarms(first + first[:2])
    assert alarms(first + second) == ()
