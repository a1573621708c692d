"""The census counts what releases are judged by, in any order and in any number of parts."""

import json
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_gold_answered
from tests.unit.domain.gates.examples import DAY, a_person_label, an_example, by_two

from prefstream.domain.gates import Census, census_of, evaluated
from prefstream.domain.gates.census import MOST_TAGS
from prefstream.domain.releases.examples import Example
from prefstream.schemas.errors import BadInput
from prefstream.schemas.pairs import CheckResult
from prefstream.schemas.releases import ReleasePlan
from prefstream.schemas.values import Message, Preference, Response, Verdict

VERDICTS = [str(one) for one in Verdict]
PLAN = ReleasePlan(name="law", targets={"law": 5}, annotator_groups={"ann": ("eu",)})


@st.composite
def examples(draw: st.DrawFn) -> Example:
    names = draw(st.lists(st.sampled_from(["ann", "bob", "cyd"]), max_size=4))
    labels = tuple(
        a_person_label(
            name,
            draw(st.sampled_from(VERDICTS)),
            event_id=f"label-{number}",
            round=draw(st.sampled_from(["annotate", "review"])),
            occurred_at=DAY + timedelta(hours=draw(st.integers(0, 99))),
        )
        for number, name in enumerate(names)
    )
    return an_example(
        slice=draw(st.sampled_from(["law", "code"])),
        labels=labels,
        label=draw(st.sampled_from(Preference)),
        method=draw(st.sampled_from(["judge", "consensus"])),
        audit=draw(st.booleans()),
        accepted=draw(st.booleans()),
        tags=tuple(draw(st.lists(st.sampled_from("xyz"), max_size=2))),
        confidence=draw(st.none() | st.floats(0, 1)),
        response_a=Response(text=draw(st.sampled_from(["", "Yes.", "I'm sorry, no."])), model="model-1"),
        resolved_at=DAY + timedelta(days=draw(st.integers(0, 400))),
    )


def counted(some: list[Example]) -> Census:
    census = Census()
    for one in some:
        census.add(one)
    return census


@given(st.lists(examples(), max_size=12), st.randoms(use_true_random=False), st.integers(0, 12))
def test_parts_in_any_order_are_the_whole(some: list[Example], chance: Random, cut: int) -> None:
    whole = counted(some)
    chance.shuffle(some)
    one, other = counted(some[:cut]), counted(some[cut:])
    other.merge(one)

    assert other == whole
    assert other.document() == whole.document()
    assert evaluated(other, PLAN) == evaluated(whole, PLAN)


@given(st.lists(examples(), max_size=12))
def test_a_document_says_the_whole_census(some: list[Example]) -> None:
    census, plan = counted(some), ReleasePlan(name="law")
    read = census_of(json.loads(json.dumps(census.document())))

    assert evaluated(read, plan) == evaluated(census, plan)
    assert read.document() == census.document()


def test_a_document_names_no_annotator() -> None:
    census = counted([by_two()])
    census.add_gold(a_gold_answered(annotator="ann", slice="law"))

    said = json.dumps(census.document())

    assert "ann" not in said.replace("annotator", "")
    assert "bob" not in said


@pytest.mark.parametrize("document", [{}, {"format": 2}, {"format": 1, "tags_hashed": False, "counts": [[]]}])
def test_what_is_no_census_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="census"):
        census_of(document)


def test_a_pair_left_out_for_its_tie_still_shows_how_people_agree() -> None:
    census = Census()
    census.add(by_two("=", "="), taken=False)

    assert census.total("pairs") == 0
    assert census.ordinal("law").n_pairable_units == 1
    assert census.by("verdict", "law") == {"no": 2}


def test_reviewers_who_may_know_others_labels_show_no_agreement() -> None:
    labels = (a_person_label("ann"), a_person_label("bob", round="review"))
    census = counted([an_example(labels=labels, method="consensus")])

    assert census.ordinal("law").n_pairable_units == 0
    assert census.by("annotator", "law") == {"ann": 1, "bob": 1}


def test_only_the_latest_label_of_an_annotator_counts() -> None:
    labels = (
        a_person_label("ann", "B>", event_id="late", occurred_at=DAY + timedelta(hours=1)),
        a_person_label("ann", "A>"),
        a_person_label("bob", "B>"),
    )
    census = counted([an_example(labels=labels, method="consensus")])

    assert [dict(table.counts) for table in census.pair_tables("law")] == [{("B", "B"): 1}]


def test_only_audited_pairs_that_the_judge_would_have_decided_measure_it() -> None:
    pairs = [
        by_two(audit=True),
        by_two("B>", "B>", audit=True),
        by_two(audit=True, accepted=False),
        by_two(),
        an_example(audit=True),
    ]

    assert counted(pairs).by("audited", "law") == {"agree": 1, "differ": 1}


def test_a_refusal_that_wins_over_an_answer_is_counted() -> None:
    sorry, answer = Response(text="I\u2019m sorry, but no.", model="m"), Response(text="Yes, so.", model="m")

    census = counted(
        [
            an_example(response_a=sorry, response_b=answer),
            an_example(response_a=sorry, response_b=sorry),
            an_example(response_a=answer, response_b=sorry),
            an_example(response_a=sorry, response_b=answer, label=Preference.TIE),
        ]
    )

    assert census.count("refusal", "law") == 1


def test_too_many_tags_are_counted_by_hash_in_any_order() -> None:
    tags = [f"tag-{n}" for n in range(MOST_TAGS + 9)]
    forth, back = (counted([an_example(tags=(tag,)) for tag in some]) for some in (tags, tags[::-1]))
    early, late = (
        counted([an_example(tags=tuple(tags[:9]))]),
        counted([an_example(tags=(tag,)) for tag in tags[9:]]),
    )
    for tag in tags[:8]:
        late.add(an_example(tags=(tag,)))
    late.add(an_example(tags=(tags[8],)))

    assert forth == back
    assert forth.of("tag") == late.of("tag")
    assert len(forth.of("tag")) <= 512
    early.merge(forth)
    forth.merge(counted([an_example(tags=tuple(tags[:9]))]))
    assert early == forth


def test_an_empty_prompt_has_a_band_of_its_own() -> None:
    census = counted([an_example(messages=(Message(role="user", content=""),))])

    assert census.by("prompt_length") == {"0": 1}


def test_what_is_not_known_of_a_pair_is_not_counted() -> None:
    labels = (a_person_label("ann", "unsure"), a_person_label("bob", "A>", round="review"))
    pair = an_example(judge_id=None, policy_id=None, confidence=None, labels=labels, method="consensus")
    census = counted([pair])

    assert [kind for kind in ("judge", "policy", "confidence", "overlap", "ordinal") if census.of(kind)] == []
    assert census.by("verdict", "law") == {"no": 1, "yes": 1}


def test_notes_of_checks_are_counted() -> None:
    checks = (
        CheckResult(check="pii", severity="note", passed=False),
        CheckResult(check="empty", severity="reject", passed=True),
    )

    assert counted([an_example(checks=checks)]).by("note") == {"pii": 1}


def test_a_pair_that_only_a_reviewer_labelled_shows_no_agreement() -> None:
    labels = (a_person_label("ann", round="adjudicate"),)

    assert counted([an_example(labels=labels, method="adjudication")]).of("overlap") == {}


def test_a_label_without_a_clause_is_resolved_and_not_cited() -> None:
    census = counted([an_example(clauses=()), an_example()])

    assert (census.count("resolved", "law"), census.count("cited", "law")) == (2, 1)
