"""Withdrawn labels: what rested on them is open again, and what did not stands."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.resolution import Ballot, Disputed, Resolved, Round, Withdrawal, resolutions
from prefstream.schemas.values import Verdict

Evidence = Ballot | Withdrawal


def ballot(name: str, verdict: str, stage: Round = "annotate", *, number: int = 0, **more: bool) -> Ballot:
    return Ballot(event_id=f"{name}{number}", annotator=name, verdict=Verdict(verdict), round=stage, **more)


def without(name: str, number: int = 0) -> Withdrawal:
    return Withdrawal(event_id=f"-{name}{number}", label_id=f"{name}{number}")


def said(*evidence: Evidence, overlap: int = 2) -> list[tuple[str, ...]]:
    """Return the steps in short: the label or the next round, why, and on what they rest."""
    return [
        (step.label, step.method, *step.evidence)
        if isinstance(step, Resolved)
        else (step.next_round, step.reason, *step.evidence)
        for step in resolutions(evidence, overlap=overlap)
    ]


def test_a_resolution_that_rests_on_a_withdrawn_label_is_open_again() -> None:
    steps = said(ballot("ann", "A>"), ballot("ben", "A>"), without("ben"))
    assert steps == [("A>", "consensus", "ann0", "ben0"), ("annotate", "label_withdrawn", "ann0")]


def test_a_further_label_resolves_the_open_pair_again() -> None:
    steps = said(ballot("ann", "A>"), ballot("ben", "A>"), without("ben"), ballot("cid", "A>>"))
    assert steps[2:] == [("A>", "consensus", "ann0", "cid0")]


def test_labels_that_remain_are_counted_at_once_where_they_are_enough() -> None:
    evidence = [ballot("ann", "A>"), ballot("ben", "B>"), ballot("cid", "A>"), ballot("dee", "A>")]
    steps = said(*evidence, without("ann"), overlap=2)
    assert steps[0] == ("review", "no_majority", "ann0", "ben0")
    assert steps[1] == ("A>", "majority", "ann0", "ben0", "cid0")
    assert steps[2] == ("annotate", "label_withdrawn", "ben0", "cid0", "dee0")
    assert steps[3] == ("A>", "majority", "ben0", "cid0", "dee0")


def test_nothing_is_left_of_a_pair_whose_only_label_was_withdrawn() -> None:
    steps = resolutions([ballot("ann", "A>"), without("ann")], overlap=1)
    disputed = steps[-1]
    assert isinstance(disputed, Disputed)
    assert (disputed.evidence, disputed.needed) == ((), 1)


def test_a_label_that_was_no_evidence_may_go_without_a_word() -> None:
    assert len(said(ballot("ann", "A>"), ballot("ben", "B>"), without("ben"), overlap=1)) == 1


def test_a_withdrawn_adjudication_gives_way_to_the_one_before_or_to_a_count() -> None:
    labels = [ballot("ann", "A>"), ballot("ben", "B>"), ballot("rae", "=", "review")]
    first, second = ballot("dee", "B>", "adjudicate"), ballot("eve", "A>", "adjudicate")

    steps = said(*labels, first, second, without("eve"), without("dee"))

    assert steps[2:4] == [
        ("B>", "adjudication", "ann0", "ben0", "rae0", "dee0"),
        ("A>", "adjudication", "ann0", "ben0", "rae0", "dee0", "eve0"),
    ]
    assert steps[4][:2] == ("annotate", "label_withdrawn")
    assert steps[5] == ("B>", "adjudication", "ann0", "ben0", "rae0", "dee0")
    assert steps[6][:2] == ("annotate", "label_withdrawn")
    assert steps[7] == ("adjudicate", "no_majority", "ann0", "ben0", "rae0")


def test_an_adjudication_stands_without_the_labels_it_looked_at() -> None:
    labels = [ballot("ann", "A>"), ballot("ben", "B>"), ballot("dee", "B>", "adjudicate")]
    assert said(*labels, without("ann")) == said(*labels)


def test_a_withdrawn_label_leaves_the_persons_earlier_one() -> None:
    again = ballot("ben", "B>", number=1)
    steps = said(ballot("ann", "A>"), ballot("ben", "A>"), without("ben"), again, without("ben", 1))
    assert steps[-1] == ("review", "no_majority", "ann0", "ben1")
    earlier = said(ballot("ann", "A>"), ballot("ben", "="), again, without("ben", 1), ballot("cid", "="))
    assert earlier[-1] == ("=", "majority", "ann0", "ben0", "cid0")


def test_a_disputed_pair_resolves_when_the_one_who_differed_is_withdrawn() -> None:
    labels = [ballot("ann", "A>"), ballot("ben", "B>"), ballot("cid", "A>"), ballot("dee", "B>")]
    assert said(*labels, overlap=4) == [("review", "no_majority", "ann0", "ben0", "cid0", "dee0")]
    assert said(*labels, without("dee"), overlap=3)[-1][:2] == ("A>", "majority")


def test_a_disputed_pair_stays_as_it_is_where_those_who_remain_differ_too() -> None:
    labels = [ballot("ann", "A>"), ballot("ben", "B>"), ballot("cid", "=")]
    assert said(*labels, without("cid")) == said(*labels)


def test_a_label_by_somebody_who_asks_for_a_specialist_counts_as_unsure() -> None:
    steps = said(ballot("ann", "A>"), ballot("ben", "A>", needs_specialist=True))
    assert steps == [("review", "needs_specialist", "ann0", "ben0")]
    assert said(ballot("ann", "A>", needs_specialist=True), overlap=1)[0][:2] == (
        "review",
        "needs_specialist",
    )
    majority = said(
        ballot("ann", "A>"), ballot("ben", "A>"), ballot("cid", "B>", needs_specialist=True), overlap=3
    )
    assert majority[0][:2] == ("A>", "majority")


def test_an_adjudicator_who_asks_for_a_specialist_decides_nothing() -> None:
    unsure = ballot("dee", "A>", "adjudicate", needs_specialist=True)
    assert said(ballot("ann", "A>"), ballot("ben", "B>"), unsure)[-1][:2] == (
        "adjudicate",
        "needs_specialist",
    )


NAMES = ("ann", "ben", "cid", "dee")
BALLOTS = st.builds(
    ballot,
    st.sampled_from(NAMES),
    st.sampled_from([verdict.value for verdict in Verdict]),
    st.sampled_from(("annotate", "annotate", "review", "adjudicate")),
    number=st.integers(0, 1),
    needs_specialist=st.sampled_from((False, False, False, True)),
)
HISTORIES = st.lists(
    st.one_of(BALLOTS, BALLOTS, st.builds(without, st.sampled_from(NAMES), st.integers(0, 1))),
    max_size=10,
    unique_by=lambda one: one.event_id,
)
OVERLAPS = st.integers(1, 3)


@given(HISTORIES, OVERLAPS, st.integers(0, 10))
def test_what_follows_from_a_prefix_is_a_prefix_with_withdrawals_too(
    history: list[Evidence], overlap: int, length: int
) -> None:
    steps, prefix = resolutions(history, overlap=overlap), resolutions(history[:length], overlap=overlap)
    assert steps[: len(prefix)] == prefix


@given(HISTORIES, OVERLAPS)
def test_a_label_that_was_withdrawn_before_it_came_leaves_no_trace(
    history: list[Evidence], overlap: int
) -> None:
    gone: set[str] = set()
    kept: list[Evidence] = []
    for one in history:
        if isinstance(one, Withdrawal):
            gone.add(one.label_id)
        if not (isinstance(one, Ballot) and one.event_id in gone):
            kept.append(one)
    assert resolutions(kept, overlap=overlap) == resolutions(history, overlap=overlap)


@given(HISTORIES, OVERLAPS)
def test_what_stands_in_the_end_rests_on_no_withdrawn_label_and_else_somebody_is_asked(
    history: list[Evidence], overlap: int
) -> None:
    gone = {one.label_id for one in history if isinstance(one, Withdrawal)}
    ballots = [one for one in history if isinstance(one, Ballot) and one.event_id not in gone]
    steps = resolutions(history, overlap=overlap)
    last = steps[-1] if steps else None
    if isinstance(last, Resolved):
        decided = {one.event_id for one in ballots if one.round == "adjudicate"}
        assert not gone & set(last.evidence) or (last.method == "adjudication" and decided)
    elif len({one.annotator for one in ballots}) >= overlap:
        assert last is not None
        asked = [step for step in steps if isinstance(step, Disputed)]
        assert any(step.needed > people(ballots, step.next_round) for step in asked)


def people(ballots: Sequence[Ballot], stage: Round) -> int:
    return len({one.annotator for one in ballots if one.round == stage})


@given(HISTORIES, OVERLAPS)
def test_what_one_withdrawal_brings_about_has_different_names(history: list[Evidence], overlap: int) -> None:
    steps = resolutions(history, overlap=overlap)
    names = [
        (step.trigger, step.reason if isinstance(step, Disputed) else step.method, step.evidence)
        for step in steps
    ]
    assert len(set(names)) == len(names)


def test_a_pair_that_is_open_again_goes_back_to_the_round_that_is_missing() -> None:
    reviewed = [ballot("ann", "A>"), ballot("ben", "B>"), ballot("rae", "B>", "review")]
    assert said(*reviewed, without("ben"))[-1][:2] == ("adjudicate", "no_majority")
    assert said(*reviewed, without("rae"))[-1][:2] == ("review", "no_majority")
