from datetime import timedelta

import pytest
from tests import factories as make

from prefstream.domain.reliability import (
    Shares,
    Spell,
    as_shown,
    is_right,
    question_turn,
    rest_due,
    spell_after,
)
from prefstream.schemas.values import Verdict


def turns(count: int, **changes: object) -> list[str | None]:
    given = {"seed": "s", "shares": Shares(gold=0.1, calibration=0.2)} | changes
    return [question_turn("ann", turn, **given) for turn in range(count)]  # type: ignore[arg-type]


def test_questions_come_as_often_as_their_shares_say() -> None:
    found = turns(10_000, calibrating=True)

    assert 900 < found.count("gold") < 1100
    # Of what gold leaves over.
    assert 1650 < found.count("calibration") < 1950


def test_the_same_turn_is_the_same_coin_however_often_it_is_asked_for() -> None:
    assert turns(200) == turns(200)
    assert turns(200) != turns(200, seed="another")


def test_gold_needs_work_to_hide_in_and_a_set_fills_the_gaps() -> None:
    assert set(turns(500, work_open=False)) == {None}
    assert set(turns(500, work_open=False, calibrating=True)) == {"calibration"}


def test_a_share_of_nought_keeps_the_set_out_although_there_is_one() -> None:
    nothing = Shares(gold=0.0, calibration=0.0)

    assert set(turns(200, shares=nothing, calibrating=True, work_open=False)) == {None}


def test_training_comes_before_everything() -> None:
    assert set(turns(50, training=True, work_open=False)) == {"training"}


@pytest.mark.parametrize(
    ("verdict", "expected", "right"),
    [
        ("A>>", "A>", True),
        ("A>", "B>", False),
        ("=", "=", True),
        ("=", "unsure", False),
        ("unsure", "unsure", True),
        ("unsure", "both_bad", False),
        ("both_bad", "both_bad", True),
        ("both_bad", "=", False),
    ],
)
def test_right_is_the_same_side(verdict: str, expected: str, right: bool) -> None:
    assert is_right(Verdict(verdict), Verdict(expected)) is right


@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_is_shown_on_exchanged_sides_comes_back_by_exchanging_again(verdict: Verdict) -> None:
    assert as_shown(as_shown(verdict, "ba"), "ba") is verdict
    assert as_shown(verdict, "ab") is verdict


def test_a_long_task_is_not_a_pause_and_a_pause_begins_a_new_spell() -> None:
    first = spell_after(None, at=make.NOON, seconds=None)
    long = spell_after(first, at=make.NOON + timedelta(minutes=20), seconds=1190.0)
    rested = spell_after(long, at=make.NOON + timedelta(minutes=40), seconds=60.0)

    assert long.began_at == make.NOON
    assert rested.began_at == make.NOON + timedelta(minutes=39)


def test_a_late_answer_of_an_earlier_moment_moves_nothing_back() -> None:
    spell = Spell(began_at=make.NOON, last_at=make.NOON + timedelta(minutes=10))

    assert spell_after(spell, at=make.NOON + timedelta(minutes=9), seconds=5.0) == spell


def test_rest_is_due_after_work_and_not_after_a_pause() -> None:
    spell = Spell(began_at=make.NOON, last_at=make.NOON + timedelta(minutes=50))
    soon, late = spell.last_at + timedelta(minutes=1), spell.last_at + timedelta(minutes=6)

    assert rest_due(spell, now=soon, after_s=3000.0) == 3000.0
    assert rest_due(spell, now=late, after_s=3000.0) is None
    assert rest_due(spell, now=soon, after_s=0.0) is None
    assert rest_due(None, now=soon, after_s=3000.0) is None
