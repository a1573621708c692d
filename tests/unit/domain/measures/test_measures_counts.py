"""What an event, a label or a pair counts for."""

import pytest
from tests import factories as make

from prefstream.domain.measures import PairState, contrast, of_gold, of_label, of_pair, of_votes
from prefstream.schemas.values import ClauseVerdict, Verdict

NOTHING = PairState(None, None, False, False, None, None, None, None, None)
RESOLVED = NOTHING._replace(resolved_minute=7, label="A>", by_people=True)


def counted(state: PairState) -> set[tuple[str, str]]:
    return {count for _, count in of_pair(state)}


def test_a_pair_without_a_standing_resolution_counts_for_nothing() -> None:
    assert of_pair(NOTHING._replace(judge_label="A>", audit=True, longer="a", waited_s=9)) == ()


def test_what_a_pair_counts_for_stands_in_the_minute_of_its_resolution() -> None:
    state = RESOLVED._replace(validated_minute=9)

    assert of_pair(state) == ((7, ("informative", "yes")), (9, ("usable", "validated")))


@pytest.mark.parametrize(("label", "informative"), [("A>>", "yes"), ("B>", "yes"), ("=", "no")])
def test_a_tie_is_not_informative(label: str, informative: str) -> None:
    assert counted(RESOLVED._replace(label=label)) == {("informative", informative)}


def test_judges_are_compared_with_people_only() -> None:
    by_judge = RESOLVED._replace(by_people=False, judge_label="A>", audit=True)

    assert counted(by_judge) == {("informative", "yes")}


@pytest.mark.parametrize(
    ("judge_label", "same"), [("A>>", "agree"), ("A>", "agree"), ("=", "differ"), ("B>", "differ")]
)
def test_judge_and_people_agree_on_a_side_not_on_its_strength(judge_label: str, same: str) -> None:
    state = RESOLVED._replace(judge_label=judge_label)

    assert counted(state) >= {("judge_all", same)}
    assert ("judge_audited", same) not in counted(state)
    assert ("judge_audited", same) in counted(state._replace(audit=True))


def test_no_verdict_of_the_judges_is_compared_with_nothing() -> None:
    assert counted(RESOLVED._replace(judge_label=None, audit=True)) == {("informative", "yes")}


@pytest.mark.parametrize(("label", "outcome"), [("A>", "won"), ("=", "not_won"), ("B>>", "not_won")])
def test_a_refusal_wins_only_where_it_is_preferred(label: str, outcome: str) -> None:
    assert ("refusal", outcome) in counted(RESOLVED._replace(label=label, declined="a"))


def test_length_counts_for_people_and_judges_apart() -> None:
    state = RESOLVED._replace(label="B>", judge_label="A>", longer="a")

    assert counted(state) >= {
        ("length", "final:shorter"),
        ("length", "people:shorter"),
        ("length", "judge:longer"),
    }


def test_the_time_a_judge_took_is_no_time_to_label() -> None:
    assert ("wait", "22") in counted(RESOLVED._replace(waited_s=50))
    assert ("wait", "22") not in counted(RESOLVED._replace(waited_s=50, by_people=False))


@pytest.mark.parametrize(
    ("texts", "longer"),
    [(("x" * 11, "x" * 10), None), (("x" * 12, "x" * 10), "a"), (("", "x"), "b"), (("", ""), None)],
)
def test_longer_is_longer_by_more_than_a_tenth(texts: tuple[str, str], longer: str | None) -> None:
    assert contrast(*texts).longer == longer


@pytest.mark.parametrize(
    ("texts", "declined"),
    [
        (("I'm sorry, but no.", "Sure."), "a"),
        (("Sure.", "I\u2019m sorry, but no."), "b"),
        (("I'm sorry.", "I cannot help with that."), None),
        (("Sure.", "Here."), None),
        (("x" * 301 + " I'm sorry", "Here."), None),
    ],
)
def test_a_refusal_beside_an_answer_is_told_by_its_opening(
    texts: tuple[str, str], declined: str | None
) -> None:
    assert contrast(*texts).declined == declined


@pytest.mark.parametrize(
    ("verdict", "sides", "place"),
    [("A>", "ab", "first"), ("A>", "ba", "second"), ("B>>", "ab", "second"), ("B>", "ba", "first")],
)
def test_peoples_preferences_count_by_the_side_they_saw(verdict: str, sides: str, place: str) -> None:
    assert of_label(verdict, sides, True) == (("trace", "people:cited"), ("position", f"people:{place}"))


@pytest.mark.parametrize("verdict", ["=", "unsure", "both_bad"])
def test_who_prefers_nothing_prefers_no_place(verdict: str) -> None:
    assert of_label(verdict, "ab", False) == (("trace", "people:bare"),)


def test_a_judge_who_always_takes_the_first_is_seen() -> None:
    votes = (
        make.a_vote(order="ab", verdict=Verdict.A_BETTER),
        make.a_vote(order="ba", verdict=Verdict.B_BETTER),
    )

    assert of_votes(votes)["position", "judge:first"] == 2


def test_votes_in_one_order_say_nothing_of_places() -> None:
    assert not [key for measure, key in of_votes((make.a_vote(),)) if measure == "position"]


def test_a_vote_that_cannot_be_read_cites_nothing_and_still_costs() -> None:
    counts = of_votes((make.a_vote(verdict=None, raw=None, cost_nanousd=5, unpriced_calls=1),))

    assert counts == {("judging", "nanousd"): 5, ("judging", "unpriced_calls"): 1}


def test_a_clause_that_does_not_apply_is_no_citation() -> None:
    verdicts = [
        (),
        (ClauseVerdict(clause="c", verdict="not_applicable"),),
        (ClauseVerdict(clause="c", verdict="A"),),
    ]
    votes = [make.a_vote(clause_verdicts=some) for some in verdicts]

    counts = of_votes(votes)

    assert (counts["trace", "judge:bare"], counts["trace", "judge:cited"]) == (2, 1)


def test_gold_counts_right_and_wrong() -> None:
    assert (of_gold(right=True), of_gold(right=False)) == (("gold", "right"), ("gold", "wrong"))
