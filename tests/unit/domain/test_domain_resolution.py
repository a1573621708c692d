"""Resolution: what follows from people's labels, in the order they came."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.resolution import Ballot, Disputed, Resolved, Round, resolutions
from prefstream.schemas.values import Preference, Verdict


def ballot(number: int, annotator: str, verdict: str, stage: Round = "annotate") -> Ballot:
    return Ballot(event_id=f"e{number}", annotator=annotator, verdict=Verdict(verdict), round=stage)


def ballots(*verdicts: str) -> list[Ballot]:
    return [ballot(number, f"ann{number}", verdict) for number, verdict in enumerate(verdicts)]


def the_only(said: Sequence[Resolved | Disputed]) -> Resolved | Disputed:
    (one,) = said
    return one


def test_nothing_follows_before_enough_different_people_have_labelled() -> None:
    assert resolutions([], overlap=1) == ()
    assert resolutions(ballots("A>"), overlap=2) == ()
    twice = [ballot(1, "ann", "A>"), ballot(2, "ann", "A>")]
    assert resolutions(twice, overlap=2) == ()


@pytest.mark.parametrize(
    ("verdicts", "label", "soft", "method"),
    [
        (("A>",), "A>", 1.0, "consensus"),
        (("=",), "=", 0.5, "consensus"),
        (("A>", "A>>"), "A>", 1.0, "consensus"),
        (("A>>", "A>>", "A>"), "A>>", 1.0, "consensus"),
        (("B>>", "B>>", "B>"), "B>>", 0.0, "consensus"),
        (("A>", "A>", "B>"), "A>", 2 / 3, "majority"),
        (("B>", "B>", "="), "B>", 0.5 / 3, "majority"),
        (("A>", "A>", "unsure"), "A>", 1.0, "majority"),
    ],
)
def test_more_than_half_decide_and_doubt_speaks_for_the_lesser_margin(
    verdicts: tuple[str, ...], label: str, soft: float, method: str
) -> None:
    resolved = the_only(resolutions(ballots(*verdicts), overlap=len(verdicts)))
    assert isinstance(resolved, Resolved)
    assert (resolved.label, resolved.method) == (Preference(label), method)
    assert resolved.soft_label == pytest.approx(soft)
    assert resolved.evidence == tuple(f"e{number}" for number in range(len(verdicts)))


@pytest.mark.parametrize(
    ("verdicts", "reason"),
    [
        (("A>", "B>"), "no_majority"),
        (("A>", "=", "B>"), "no_majority"),
        (("both_bad",), "no_preference"),
        (("unsure", "both_bad"), "no_preference"),
        (("A>", "unsure"), "no_majority"),
    ],
)
def test_anything_else_is_a_dispute_that_asks_for_a_review(verdicts: tuple[str, ...], reason: str) -> None:
    disputed = the_only(resolutions(ballots(*verdicts), overlap=len(verdicts)))
    assert isinstance(disputed, Disputed)
    assert (disputed.reason, disputed.next_round) == (reason, "review")


def test_a_second_dispute_asks_for_adjudication() -> None:
    said = resolutions(ballots("A>", "B>", "="), overlap=2)
    assert [step.next_round for step in said if isinstance(step, Disputed)] == ["review", "adjudicate"]


def test_a_person_who_labels_again_counts_once_with_the_latest() -> None:
    said = resolutions([*ballots("A>", "B>"), ballot(9, "ann1", "A>")], overlap=2)
    assert isinstance(said[0], Disputed)
    assert isinstance(said[1], Resolved)
    assert (said[1].label, said[1].evidence) == (Preference.A_BETTER, ("e0", "e9"))


def test_what_is_resolved_is_revised_by_an_adjudicator_alone() -> None:
    first = ballots("A>")
    assert len(resolutions([*first, ballot(7, "ben", "B>", "review")], overlap=1)) == 1
    said = resolutions([*first, ballot(7, "dee", "B>>", "adjudicate")], overlap=1)
    assert isinstance(said[1], Resolved)
    assert (said[1].label, said[1].soft_label, said[1].method) == ("B>>", 0.0, "adjudication")


def test_an_adjudicator_decides_before_the_overlap_is_reached() -> None:
    resolved = the_only(resolutions([ballot(1, "dee", "=", "adjudicate")], overlap=3))
    assert isinstance(resolved, Resolved)
    assert (resolved.label, resolved.soft_label) == (Preference.TIE, 0.5)


def test_an_adjudicator_who_is_unsure_decides_nothing_alone() -> None:
    assert resolutions([ballot(1, "dee", "unsure", "adjudicate")], overlap=2) == ()


BALLOTS = st.lists(
    st.builds(
        ballot,
        st.integers(0, 10**6),
        st.sampled_from(("ann", "ben", "cid")),
        st.sampled_from([verdict.value for verdict in Verdict]),
        st.sampled_from(("annotate", "review", "adjudicate")),
    ),
    max_size=8,
    unique_by=lambda one: one.event_id,
)


@given(BALLOTS, st.integers(1, 3), st.integers(0, 8))
def test_what_follows_from_a_prefix_is_a_prefix_of_what_follows_from_all(
    cast: list[Ballot], overlap: int, length: int
) -> None:
    said, prefix = resolutions(cast, overlap=overlap), resolutions(cast[:length], overlap=overlap)
    assert said[: len(prefix)] == prefix


@given(BALLOTS, st.integers(1, 3))
def test_no_two_steps_rest_on_the_same_evidence(cast: list[Ballot], overlap: int) -> None:
    evidence = [step.evidence for step in resolutions(cast, overlap=overlap)]
    assert len(set(evidence)) == len(evidence)
