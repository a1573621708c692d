"""Simulated people have the faults they are given, and repeat themselves by seed."""

from dataclasses import replace

import pytest

from prefstream.domain.offline.people import Seen, SimulatedPerson, crowd, simulated_answer
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Preference, Verdict

TASKS = 2000


def seen(n: int, truth: Preference | None = Preference.A_BETTER, **more: object) -> Seen:
    return Seen(task_id=f"p{n}", slice="code", round="annotate", truth=truth, characters=1000, **more)  # type: ignore[arg-type]


def share_right(person: SimulatedPerson, *, worked_h: float = 0.0) -> float:
    right = 0
    for n in range(TASKS):
        truth = Preference.A_BETTER if n % 2 else Preference.B_BETTER
        preference = simulated_answer(person, seen(n, truth), worked_h=worked_h).verdict.preference
        right += preference is not None and preference.margin * truth.margin > 0
    return right / TASKS


def test_skill_is_the_share_of_right_answers() -> None:
    assert share_right(SimulatedPerson(id="ann", skill=0.8, unsure=0.0)) == pytest.approx(0.8, abs=0.03)


def test_skill_may_differ_by_slice() -> None:
    person = SimulatedPerson(id="ann", skill=1.0, skills={"code": 0.6}, unsure=0.0)
    assert share_right(person) == pytest.approx(0.6, abs=0.03)


def test_fatigue_costs_skill_by_the_hour_but_never_below_chance() -> None:
    person = SimulatedPerson(id="ann", skill=0.9, fatigue_per_h=0.1, unsure=0.0)
    assert share_right(person, worked_h=2.0) == pytest.approx(0.7, abs=0.03)
    assert person.skill_in("code", worked_h=100.0) == 0.5


def test_a_careless_person_is_at_chance_and_quicker_than_anybody_reads() -> None:
    person = SimulatedPerson(id="ann", careless=1.0)
    assert share_right(person) == pytest.approx(0.5, abs=0.04)
    assert max(simulated_answer(person, seen(n)).seconds for n in range(100)) <= 3.0


@pytest.mark.parametrize(("bias", "favoured"), [(1.0, Verdict.A_BETTER), (-1.0, Verdict.B_BETTER)])
def test_a_side_bias_chooses_its_side_whatever_is_right(bias: float, favoured: Verdict) -> None:
    person = SimulatedPerson(id="ann", left_bias=bias, unsure=0.0)
    said = {simulated_answer(person, seen(n, truth)).verdict for n in range(50) for truth in Preference}
    assert said == {favoured}


def test_streaks_repeat_the_answer_before() -> None:
    person = SimulatedPerson(id="ann", streaks=1.0)
    assert simulated_answer(person, seen(1), before=Verdict.BOTH_BAD).verdict is Verdict.BOTH_BAD


def test_a_follower_repeats_what_is_shown() -> None:
    person = SimulatedPerson(id="ann", follows=1.0)
    assert simulated_answer(person, seen(1, said=Verdict.B_MUCH_BETTER)).verdict is Verdict.B_MUCH_BETTER


def test_a_pair_without_known_truth_is_guessed() -> None:
    said = {simulated_answer(SimulatedPerson(id="ann", unsure=0.0), seen(n, None)).verdict for n in range(50)}
    assert said == {Verdict.A_BETTER, Verdict.B_BETTER}


def test_the_same_seed_says_the_same_and_another_does_not() -> None:
    person = SimulatedPerson(id="ann", skill=0.6)
    again = [simulated_answer(person, seen(n)) for n in range(50)]
    assert [simulated_answer(person, seen(n)) for n in range(50)] == again
    assert [simulated_answer(replace(person, seed="2"), seen(n)) for n in range(50)] != again


def test_who_has_looked_cites_the_clause_of_the_slice() -> None:
    person = SimulatedPerson(id="ann", cites={"code": "correctness"}, unsure=0.0)
    assert simulated_answer(person, seen(1)).document["clauses"] == ["correctness"]
    assert simulated_answer(replace(person, careless=1.0), seen(1)).clauses == ()


def test_a_slower_person_takes_longer() -> None:
    quick, slow = SimulatedPerson(id="ann", pace=0.5), SimulatedPerson(id="ann", pace=2.0)
    assert simulated_answer(slow, seen(1)).seconds > 3 * simulated_answer(quick, seen(1)).seconds


def test_a_crowd_has_its_bad_ones_and_those_of_later_rounds() -> None:
    people = crowd(3, like=SimulatedPerson(id="", skill=0.8), bad=1, reviewers=1, adjudicators=1)
    assert [(one.role, one.careless, one.skill) for one in people] == [
        ("annotator", 0.0, 0.8),
        ("annotator", 0.0, 0.8),
        ("annotator", 1.0, 0.8),
        ("reviewer", 0.0, 0.9),
        ("qa_lead", 0.0, 1.0),
    ]
    assert len({one.id for one in people}) == len(people)


@pytest.mark.parametrize(
    "wrong", [{"skill": 1.1}, {"careless": -0.1}, {"left_bias": 2.0}, {"pace": 0.0}, {"fatigue_per_h": -1.0}]
)
def test_an_impossible_person_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="ann"):
        SimulatedPerson(id="ann", **wrong)  # type: ignore[arg-type]


def test_more_bad_people_than_people_are_refused() -> None:
    with pytest.raises(BadInput, match="3 of 2"):
        crowd(2, like=SimulatedPerson(id=""), bad=3)
