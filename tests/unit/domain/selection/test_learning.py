"""Learning from people: exact, in order, and better than the judge where the judge errs by rule."""

from dataclasses import replace

import pytest

from prefstream.domain.selection import FEATURES, Lesson, doubt, learn, preference, sketch_of
from prefstream.schemas.selection import Selection, SliceRecord
from prefstream.schemas.values import Preference

LONG, SHORT = "word " * 60, "a few words"
LESSON = Lesson(
    slice="s",
    sketch=sketch_of("Say something.", LONG, SHORT),
    p_a=0.9,
    judge_label=Preference.A_BETTER,
    label=Preference.B_BETTER,
)


def swapped(lesson: Lesson) -> Lesson:
    features = tuple(-feature for feature in lesson.sketch.features)
    return replace(
        lesson,
        sketch=lesson.sketch.model_copy(update={"features": features}),
        p_a=None if lesson.p_a is None else 1 - lesson.p_a,
        judge_label=lesson.judge_label and lesson.judge_label.swapped,
        label=lesson.label.swapped,
    )


def test_before_any_label_the_model_says_what_the_judge_says() -> None:
    for selection in (None, learn([])):
        assert preference(selection, LESSON.sketch, 0.9) == pytest.approx(0.9)
        assert preference(selection, LESSON.sketch, None) == 0.5
        assert preference(selection, None, 0.1) == pytest.approx(0.1)


def test_a_judge_that_likes_length_against_people_is_doubted_where_it_does() -> None:
    selection = learn([LESSON, swapped(LESSON)] * 40)
    plain = sketch_of("Say something.", SHORT, SHORT)
    biased = doubt(selection, LESSON.sketch, p_a=0.9, label=Preference.A_BETTER)
    assert biased > doubt(selection, plain, p_a=0.9, label=Preference.A_BETTER)
    assert selection.records == {"s": SliceRecord(labels=80, mistaken=80)}


def test_the_side_a_response_stands_on_teaches_nothing() -> None:
    lessons = [LESSON, replace(LESSON, label=Preference.TIE), replace(LESSON, p_a=None)] * 5
    assert learn(lessons).weights == learn(map(swapped, lessons)).weights


def test_the_same_lessons_in_the_same_order_give_the_same_bytes() -> None:
    lessons = [LESSON, replace(LESSON, label=Preference.A_BETTER, slice="t"), swapped(LESSON)]
    assert learn(lessons) == learn(list(lessons))
    assert learn(lessons).model_dump_json() == learn(lessons).model_dump_json()
    assert learn(lessons).id == learn(lessons).id != learn(lessons[:2]).id


def test_a_selection_of_other_sketches_is_not_used() -> None:
    other = LESSON.sketch.model_copy(update={"version": "0"})
    assert learn([replace(LESSON, sketch=other)]).labels == 0
    strange = Selection(sketch_version="0", weights=(0,) * (1 + len(FEATURES)))
    assert preference(strange, LESSON.sketch, 0.9) == pytest.approx(0.9)
    short = Selection(sketch_version="1", weights=(5,))
    assert preference(short, LESSON.sketch, 0.9) == pytest.approx(0.9)


def test_certain_judges_are_believed_only_so_far() -> None:
    assert 0 < doubt(None, None, p_a=1.0, label=Preference.A_BETTER) < 50
    assert doubt(None, None, p_a=0.0, label=Preference.A_BETTER) == 1000
