"""What would have changed a route, in words that are true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_pair_routed, an_accepted_pair_routed

from prefstream.domain.escalation import needed_changes
from prefstream.domain.escalation.changes import votes_needed
from prefstream.schemas.routes import Reason, ReasonCode


def escalated(*codes: ReasonCode, **changes: object) -> list[str]:
    reasons = tuple(Reason(code=code, clause="P1", detail="trigger t: tag x") for code in codes)
    return list(needed_changes(a_pair_routed(reasons=reasons, **changes), votes=4))


def test_each_reason_that_bars_the_pair_has_its_own_condition() -> None:
    codes = [code for code in ReasonCode if code not in (ReasonCode.AUDIT, ReasonCode.AT_OR_ABOVE_THRESHOLD)]
    told = escalated(*codes, threshold=0.95)
    assert len(told) == len(set(told)) == len(codes)
    assert escalated(ReasonCode.MANDATORY, ReasonCode.AUDIT) == [
        "the constitution did not ask for people here (clause P1, trigger t: tag x)"
    ]


def test_what_votes_would_have_to_say_is_told() -> None:
    (told,) = escalated(ReasonCode.BELOW_THRESHOLD, threshold=0.8, confidence=0.7)
    assert told == (
        "the confidence were 0.8 or more, and it is 0.7; that takes 3.5 of the 4 votes for one side, "
        "a tie counting half"
    )
    (told,) = escalated(ReasonCode.BELOW_THRESHOLD, threshold=0.95, confidence=0.9)
    assert "4 votes give 0.9 at most" in told
    (told,) = escalated(ReasonCode.BELOW_THRESHOLD, threshold=0.95, confidence=None)
    assert "had a verdict" in told


def test_a_certificate_that_lacks_labels_says_how_many() -> None:
    route = a_pair_routed(reasons=(Reason(code=ReasonCode.NOT_CERTIFIED, clause="prefstream:x"),))
    (told,) = needed_changes(route, votes=2, more_labels=37)
    assert "37 audited labels" in told


def test_an_accepted_pair_is_told_what_would_have_sent_it_to_people() -> None:
    assert any("above 0.9" in one for one in needed_changes(an_accepted_pair_routed(), votes=2))


@given(st.floats(0.01, 1), st.integers(1, 40))
def test_the_credit_named_reaches_the_threshold_and_half_a_vote_less_does_not(
    threshold: float, votes: int
) -> None:
    credit = votes_needed(threshold, votes)
    if credit is None:
        assert (votes + 0.5) / (votes + 1) < threshold
        return
    assert (credit + 0.5) / (votes + 1) >= threshold - 1e-9
    if credit:
        assert credit * 2 == int(credit * 2)
        assert (credit - 0.5 + 0.5) / (votes + 1) < threshold + 1e-9


@pytest.mark.parametrize("votes", [0, 3])
def test_a_pair_without_votes_is_explained_too(votes: int) -> None:
    route = a_pair_routed(
        reasons=(Reason(code=ReasonCode.BELOW_THRESHOLD, clause="prefstream:x"),),
        threshold=0.8,
        confidence=0.3,
    )
    assert needed_changes(route, votes=votes)
