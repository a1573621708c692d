"""The audit sample on a real PostgreSQL that the sink has filled, as judges held against people."""

import asyncpg
import pytest
from tests import factories as make

from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.projections import project
from prefstream.domain.evaluation import EvaluationSet, JudgeName, scorecards
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Preference, Provenance, Verdict, Vote
from prefstream.streams.evaluation_feedback import feedback_report
from prefstream.streams.evaluation_report import evaluation_report
from prefstream.streams.live_evaluation import POOLED, sampled

pytestmark = pytest.mark.postgres

PANEL = "panel:1"


def votes(said: str, *, unread: bool = False) -> tuple[Vote, ...]:
    of = {"judge": "gpt", "provenance": Provenance.REAL, "variant": "plain", "rationale": "so \x00 it is"}
    return (
        Vote(order="ab", raw=said, verdict=Verdict(said), **of),  # type: ignore[arg-type]
        Vote(order="ba", raw=None, verdict=None if unread else Verdict(said), **of),  # type: ignore[arg-type]
    )


def pair(name: str, judge: str, *people: tuple[str, str], audit: bool = True) -> tuple[Event, ...]:
    """Return the events of a pair: what the judge says, and the people with what each says."""
    return (
        make.a_pair_proposed(pair_id=name),
        make.a_pair_judged(
            pair_id=name,
            votes=votes(judge),
            label=Preference(judge),
            p_a=0.8 if judge == "A>" else 0.2,
            confidence=0.8,
            judge_id=PANEL,
        ),
        make.a_pair_routed(pair_id=name, audit=audit, propensity=0.1, judge_id=PANEL),
        *(
            make.a_label_submitted(
                pair_id=name,
                annotator=who.rstrip("!"),
                verdict=Verdict(said),
                round="adjudicate" if who.endswith("!") else "annotate",
                clauses=("P1",),
                rationale="17 times 23 is 391",
            )
            for who, said in people
        ),
    )


EVENTS = (
    *pair("p0", "A>", ("x", "A>"), ("y", "A>>")),
    *pair("p1", "B>", ("x", "B>"), ("y", "A>"), ("z!", "A>")),
    *pair("p2", "A>", ("x", "unsure")),
    *pair("p3", "B>"),
    *pair("hard", "B>", ("x", "A>"), audit=False),
    *pair("easy", "A>", audit=False),
    make.a_pair_judged(pair_id="elsewhere", judge_id="panel:0"),
    make.a_pair_routed(pair_id="elsewhere", audit=False),
)


async def audited(dsn: str, events: tuple[Event, ...]) -> EvaluationSet:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await project(connection, [make.a_record(one, offset=n) for n, one in enumerate(events)])
    finally:
        await connection.close()
    async with pool_of(dsn, size=1) as pool:
        return await sampled(pool)


async def test_the_audit_sample_is_read_with_votes_labels_and_texts(migrated_dsn: str) -> None:
    found = await audited(migrated_dsn, EVENTS)

    assert set(found.judgements) == {JudgeName("gpt", "plain"), JudgeName(PANEL, POOLED)}
    assert set(found.judgements[JudgeName("gpt", "plain")]) == {"p0", "p1", "p2", "p3"}
    assert {key: one.people.side for key, one in found.pairs.items()} == {
        "p0": "A",
        "p1": "A",
        "p2": None,
        "p3": None,
        "hard": None,
        "easy": None,
    }
    assert found.pairs["p0"].texts is not None
    assert found.pairs["p0"].lengths is not None


async def test_labels_that_came_because_a_pair_was_hard_are_not_in_the_sample(migrated_dsn: str) -> None:
    found = await audited(migrated_dsn, EVENTS)
    (panel,) = [card for card in scorecards(found, by_slice=False, epsilon=0.1) if card.judge.judge == PANEL]

    assert found.pairs["hard"].labels == ()
    assert (panel.consistency.agreement.hits, panel.consistency.agreement.of) == (1, 2)
    assert (panel.estimates.agreement.labelled, panel.estimates.agreement.unlabelled) == (2, 3)
    assert panel.left_out == {"people_name_no_side": 1, "unlabelled": 3}


async def test_an_adjudicated_case_against_the_judge_is_proposed(migrated_dsn: str) -> None:
    found = await audited(migrated_dsn, EVENTS)
    report = feedback_report(found.chosen(["gpt"]), most_characters=2000)

    assert report["built_from"] == ["p1"]
    assert report["proposals"][0]["id"] == "P1"
    assert report["proposals"][0]["counter_examples"][0]["why"] == "17 times 23 is 391"
    assert report["judges"][0]["differences"] == 1


async def test_labels_of_simulated_people_are_told_apart(migrated_dsn: str) -> None:
    simulated = make.a_label_submitted(pair_id="p3", verdict=Verdict("B>"), provenance=Provenance.SIMULATED)
    found = await audited(migrated_dsn, (*EVENTS, simulated))
    report = evaluation_report(found, by_slice=False, epsilon=0.1, gold=None)

    assert (report["labelled_pairs"], report["labels_not_by_people"]) == (3, 1)


async def test_without_an_audit_it_says_how_to_get_one(migrated_dsn: str) -> None:
    with pytest.raises(BadInput, match="publish a policy with an audit_share above 0"):
        await audited(migrated_dsn, pair("p0", "A>", ("x", "A>"), audit=False))
