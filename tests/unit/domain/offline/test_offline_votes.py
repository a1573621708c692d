from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.offline.votes import VARIANTS, votes_on
from prefstream.domain.pooling import pooled
from prefstream.schemas.values import Provenance, Verdict, Vote

CLAUSES = ("correctness", "format")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


def votes(prompt: str, a: str, b: str) -> list[Vote]:
    return votes_on(prompt, a, b, judge="offline:test", clauses=CLAUSES)


def swapped(verdict: Verdict | None) -> Verdict | None:
    preference = verdict.preference if verdict else None
    return Verdict(preference.swapped.value) if preference else verdict


def test_three_variants_vote_in_both_orders() -> None:
    cast = votes("What is 2 + 3?", "5", "6")

    assert Counter((vote.variant, vote.order) for vote in cast) == {
        (variant, order): 1 for variant in VARIANTS for order in ("ab", "ba")
    }
    assert {vote.provenance for vote in cast} == {Provenance.OFFLINE}


def test_a_checked_difference_is_seen_the_same_from_both_sides() -> None:
    cast = votes("What is 2 + 3?", "5", "6")

    assert {vote.verdict for vote in cast} == {Verdict.A_MUCH_BETTER}
    assert {(vote.order, vote.raw) for vote in cast} == {("ab", "A>>"), ("ba", "B>>")}
    assert cast[0].rationale == "Offline reader: A is better under correctness: A has the result 5."
    assert (cast[0].clause_verdicts[0].clause, cast[0].clause_verdicts[0].verdict) == ("correctness", "A")


def test_clauses_that_the_constitution_lacks_are_not_cited() -> None:
    cast = votes_on("What is 2 + 3?", "5", "6", judge="offline:test", clauses=("kindness",))

    assert {vote.clause_verdicts for vote in cast} == {()}


def test_two_right_results_are_a_tie() -> None:
    assert {vote.verdict for vote in votes("What is 2 + 3?", "5", "It is 5.")} == {Verdict.TIE}


def test_without_anything_to_check_the_votes_part_and_confidence_falls() -> None:
    confidences = [
        pooled(votes("List four birds.", f"owl, crow {n}", f"crow, owl {n}")).confidence for n in range(40)
    ]

    assert sum((confidence or 0) < 0.9 for confidence in confidences) >= 25


@given(prompt=TEXTS, a=TEXTS, b=TEXTS)
def test_a_pair_told_the_other_way_round_gets_mirrored_votes(prompt: str, a: str, b: str) -> None:
    there = {(vote.variant, vote.order): vote.verdict for vote in votes(prompt, a, b)}
    back = {(vote.variant, vote.order): vote.verdict for vote in votes(prompt, b, a)}

    for variant in VARIANTS:
        assert there[variant, "ab"] == swapped(back[variant, "ba"])
        assert there[variant, "ba"] == swapped(back[variant, "ab"])


@given(prompt=TEXTS, a=TEXTS, b=TEXTS)
def test_the_same_pair_gets_the_same_votes(prompt: str, a: str, b: str) -> None:
    assert votes(prompt, a, b) == votes(prompt, a, b)
