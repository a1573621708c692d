"""What an answer says of the pair, whichever way its sides were shown."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests import factories as make

from prefstream.domain.tasks import (
    ERROR_CATEGORIES,
    Given,
    Lease,
    PairAnswer,
    Sides,
    answer_hash,
    faults_of,
    label_of,
    mirrored,
    shown_judgement,
    shown_label,
    submission_id_of,
)
from prefstream.schemas.labels import Quote, Refinement
from prefstream.schemas.values import ClauseVerdict, Verdict

SIDES: list[Sides] = ["ab", "ba"]


def lease(sides: Sides = "ab", round_name: str = "annotate") -> Lease:
    return Lease(
        lease_id="b1946ac9-2492-4d23-8b1b-7d1c1c0a0c11",
        pair_id=make.PAIR,
        round=round_name,
        slice="arithmetic",
        person_id="ada",
        purpose="work",
        fence=1,
        sides=sides,
        leased_at=make.NOON,
        expires_at=make.NOON + timedelta(minutes=15),
        shown_at=make.NOON,
    )


def a_given(sides: Sides = "ab", **changes: Any) -> Given:
    defaults: dict[str, Any] = {
        "lease": lease(sides),
        "submission_id": submission_id_of(lease().lease_id, 0),
        "submitted_at": make.NOON + timedelta(seconds=30),
        "said_s": 20.0,
        "simulated": False,
    }
    return Given(**(defaults | changes))


def kinds(answer: PairAnswer, *, round_name: str = "annotate") -> list[str]:
    return [fault.kind for fault in faults_of(answer, lease(round_name=round_name), make.a_constitution())]


@given(st.sampled_from(Verdict), st.sampled_from(SIDES))
def test_mirroring_twice_changes_nothing(verdict: Verdict, sides: Sides) -> None:
    assert mirrored(mirrored(verdict, sides), sides) == verdict


@given(st.sampled_from(Verdict))
def test_the_left_one_better_is_a_or_b_by_the_sides(verdict: Verdict) -> None:
    answer = PairAnswer(verdict=verdict, quotes=(Quote(response="a", text="x"),))
    straight, turned = (label_of(answer, a_given(sides)) for sides in SIDES)
    if verdict.preference is None:
        assert straight.verdict == turned.verdict == verdict
    else:
        assert straight.verdict == verdict
        assert turned.verdict.preference == verdict.preference.swapped
    assert [straight.quotes[0].response, turned.quotes[0].response] == ["a", "b"]


@given(st.sampled_from(Verdict))
def test_what_was_chosen_blind_is_mapped_back_like_the_verdict(verdict: Verdict) -> None:
    answer = PairAnswer(verdict=verdict, blind_verdict=verdict)
    for sides in SIDES:
        label = label_of(answer, a_given(sides))
        assert label.blind_verdict == label.verdict
        shown = shown_label(label, by="person 1", sides=sides)
        assert shown["blind_verdict"] == verdict
    assert label_of(PairAnswer(verdict=verdict), a_given("ba")).blind_verdict is None


@pytest.mark.parametrize("round_name", ["annotate", "adjudicate"])
def test_only_a_review_has_a_choice_before_seeing_what_others_said(round_name: str) -> None:
    answer = PairAnswer(verdict=Verdict.TIE, blind_verdict=Verdict.UNSURE)
    assert kinds(answer, round_name=round_name) == ["not_in_this_round"]
    assert kinds(answer, round_name="review") == []


@pytest.mark.parametrize("sides", SIDES)
def test_what_a_label_said_is_shown_as_it_was_answered(sides: Sides) -> None:
    answer = PairAnswer(verdict=Verdict.A_MUCH_BETTER, quotes=(Quote(response="b", text="x"),))
    label = label_of(answer, a_given(sides))

    shown = shown_label(label, by="person 1", sides=sides)

    assert shown["verdict"] == "A>>"
    assert shown["quotes"][0]["response"] == "b"
    assert shown["saw_changed_sides"] is False


def test_what_judges_said_is_shown_with_the_sides_changed_over() -> None:
    clauses = (ClauseVerdict(clause="P1", verdict="A"), ClauseVerdict(clause="P2", verdict="both"))
    judged = make.a_pair_judged(votes=(make.a_vote(clause_verdicts=clauses, verdict=Verdict.A_BETTER),))

    shown = shown_judgement(judged, "ba")

    assert shown["verdict"] == "B>"
    assert shown["p_left"] == pytest.approx(0.1)
    assert shown["votes"][0]["verdict"] == "B>"
    assert [one["verdict"] for one in shown["votes"][0]["clauses"]] == ["B", "both"]
    assert shown_judgement(judged, "ab")["votes"][0]["clauses"][0]["verdict"] == "A"


def test_a_label_carries_who_when_and_how_it_was_shown() -> None:
    label = label_of(PairAnswer(verdict=Verdict.TIE, rationale="alike"), a_given("ba", simulated=True))

    assert (label.event_id, label.source) == (submission_id_of(lease().lease_id, 0), "console")
    assert (label.annotator, label.sides, label.seconds) == ("ada", "ba", 20.0)
    assert label.provenance == "simulated"
    assert label.occurred_at == make.NOON + timedelta(seconds=30)


def test_what_the_constitution_does_not_know_is_a_fault() -> None:
    assert kinds(PairAnswer(verdict=Verdict.TIE, clauses=("P1",))) == []
    assert kinds(PairAnswer(verdict=Verdict.TIE, clauses=("P7", "P7"))) == ["unknown_clause"]
    assert kinds(PairAnswer(verdict=Verdict.TIE, dimensions={"beauty": 1})) == ["unknown_dimension"]
    without = faults_of(PairAnswer(verdict=Verdict.TIE, clauses=("P1",)), lease(), None)
    assert [fault.kind for fault in without] == ["unknown_clause"]


def test_error_categories_and_refinements_belong_to_who_saw_what_was_said() -> None:
    refinement = Refinement(clause="P9", kind="rule", text="Say so.")
    answer = PairAnswer(verdict=Verdict.TIE, error_category="careless", refinement=refinement)
    assert kinds(answer) == ["not_in_this_round"]
    assert kinds(answer, round_name="adjudicate") == []
    other = PairAnswer(verdict=Verdict.TIE, error_category="bad mood")
    assert kinds(other, round_name="review") == ["unknown_error_category"]
    assert all(ERROR_CATEGORIES.values())


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"verdict": "A"},
        {"verdict": "A>", "rationale": "x" * 20_001},
        {"verdict": "A>", "dimensions": {"helpfulness": 0}},
        {"verdict": "A>", "dimensions": {"helpfulness": 2.5}},
        {"verdict": "A>", "clauses": ["P1"] * 51},
        {"verdict": "A>", "needs_specialist": "yes"},
        {"verdict": "A>", "person_id": "somebody else"},
    ],
)
def test_an_answer_of_another_shape_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PairAnswer.model_validate_json(orjson.dumps(said))


def test_every_answer_to_a_lease_has_its_own_id_and_hash() -> None:
    ids = [submission_id_of(lease().lease_id, before) for before in range(3)]
    assert len(set(ids)) == 3
    assert answer_hash(b"{}") == answer_hash(b"{}") != answer_hash(b"[]")
