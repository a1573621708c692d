"""Timelines and disagreements."""

from datetime import timedelta
from itertools import permutations

from tests import factories as make

from prefstream.domain.history import Cited, clusters, timeline
from prefstream.schemas.values import Verdict


def cited(pair: str, verdict: Verdict, *clauses: str, slice_name: str = "law") -> Cited:
    return Cited(pair_id=pair, slice=slice_name, verdict=verdict, clauses=clauses)


def test_causes_stand_before_what_they_caused_although_they_share_an_instant() -> None:
    chain = (
        make.a_pair_proposed(),
        make.a_pair_judged(),
        make.a_pair_routed(),
        make.a_label_submitted(),
        make.a_label_resolved(),
        make.a_pair_validated(),
    )

    for some in list(permutations(chain))[::37]:
        assert [step.event.type for step in timeline(some)] == [event.type for event in chain]


def test_a_step_says_who_how_much_later_and_what_it_cost() -> None:
    judged = make.a_pair_judged(votes=(make.a_vote(), make.a_vote(order="ba", unpriced_calls=2)))
    labelled = make.a_label_submitted(occurred_at=make.NOON + timedelta(seconds=90))

    first, second = timeline([labelled, judged, judged])

    assert (first.since_s, first.is_person, first.cost_nanousd, first.unpriced_calls) == (
        None,
        False,
        6_600_000,
        2,
    )
    assert (second.since_s, second.who, second.is_person, second.cost_nanousd) == (90.0, "ann", True, None)


def test_a_rule_that_withdraws_is_no_person() -> None:
    (by_rule,) = timeline([make.a_label_withdrawn(by="rule")])
    (by_lead,) = timeline([make.a_label_withdrawn(by="lea")])

    assert (by_rule.is_person, by_lead.who) == (False, "lea")


def test_a_clause_cited_on_both_sides_of_a_pair_stands_first() -> None:
    said = [
        cited("p1", Verdict.A_BETTER, "often", "both"),
        cited("p1", Verdict.B_MUCH_BETTER, "both"),
        cited("p2", Verdict.A_BETTER, "often"),
        cited("p3", Verdict.A_BETTER, "often"),
        cited("p3", Verdict.TIE, "often"),
    ]

    both, often = clusters(said)

    assert (both.clause, both.pairs, both.both_sides, both.share) == ("both", 1, 1, 1.0)
    assert (both.slices, both.examples) == ({"law": 1}, ("p1",))
    assert (often.clause, often.pairs, often.both_sides, often.one_side) == ("often", 3, 0, 1)


def test_a_clause_cited_for_different_sides_of_different_pairs_is_not_read_in_two_ways() -> None:
    said = [cited("p1", Verdict.A_BETTER, "c"), cited("p2", Verdict.B_BETTER, "c")]

    assert [one.both_sides for one in clusters(said)] == [0]


def test_the_order_of_labels_changes_nothing() -> None:
    said = [
        cited(f"p{n % 5}", verdict, "c", f"c{n % 3}")
        for n, verdict in enumerate([Verdict.A_BETTER, Verdict.B_BETTER, Verdict.TIE, Verdict.BOTH_BAD] * 4)
    ]

    assert clusters(said) == clusters(reversed(said))
