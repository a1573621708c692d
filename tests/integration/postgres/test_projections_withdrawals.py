"""Withdrawn labels in the sink's rows: they stay and say so, and nothing counts them any more."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests import factories as make
from tests.integration.postgres.test_projections import (
    TASKS,
    Sink,
    sink,  # noqa: F401  (a fixture)
)
from tests.running_parts import postgres_dsn, postgres_server  # noqa: F401  (fixtures)

from prefstream.adapters.postgres.audit_sample import audited_pairs
from prefstream.adapters.postgres.queue import lessons
from prefstream.adapters.postgres.routes import routed_pair
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelDisputed, Quote, Refinement
from prefstream.schemas.people import AnnotatorActionTaken
from prefstream.schemas.values import Preference, Verdict
from prefstream.streams.audit_sample import audit_sample
from prefstream.streams.status import counts

pytestmark = pytest.mark.postgres

STANDING = "select annotator from labels where withdrawn_at is null order by 1"
CELLS = "select kind, unit_size, category_i, n from agreement_cells order by 1, 2, 3"
LABELS = "select n from funnel_buckets where counter = 'labels'"


def later(minutes: float) -> dict[str, Any]:
    return {"occurred_at": make.NOON + timedelta(minutes=minutes)}


def disputed(**changes: Any) -> LabelDisputed:
    defaults = {"reason": "label_withdrawn", "next_round": "annotate", "needed": 1, "evidence": ()}
    return make.a_label_disputed(**(defaults | later(9) | changes))


ANN, BEN = make.a_label_submitted(), make.a_label_submitted(annotator="ben", verdict=Verdict.B_BETTER)
GONE = make.a_label_withdrawn(annotator="ben", **later(5))


@pytest.mark.parametrize("label_first", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_a_withdrawn_label_stays_and_counts_for_nothing(
    sink: Sink,  # noqa: F811
    *,
    label_first: bool,
    together: bool,
) -> None:
    sink.take(make.a_pair_proposed(), make.a_pair_routed(overlap=2), ANN)
    alone = sink.rows(CELLS), sink.rows(LABELS), sink.rows(TASKS)
    events: tuple[Event, ...] = (BEN, GONE) if label_first else (GONE, BEN)

    for batch in [events] if together else [[event] for event in events]:
        sink.take(*batch)

    assert (sink.rows(CELLS), sink.rows(LABELS), sink.rows(TASKS)) == alone
    assert sink.rows(STANDING) == [("ann",)]
    [row] = sink.rows(
        "select withdrawn_at, withdrawal_id::text, withdrawn_by, withdrawn_reason from labels "
        "where annotator = 'ben'"
    )
    assert row == (GONE.occurred_at, GONE.event_id, "lea", "failed the gold test")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_withdrawals_the_earlier_one_is_told(sink: Sink, order: tuple[int, int]) -> None:  # noqa: F811
    sooner = make.a_label_withdrawn(
        annotator="ben", by="rule", event_id=derived_id("test", "sooner"), **later(2)
    )
    sink.take(make.a_pair_proposed(), BEN)

    for place in order:
        sink.take((sooner, GONE)[place])

    assert sink.rows("select withdrawn_by from labels") == [("rule",)]


def test_a_withdrawal_of_another_pairs_label_withdraws_nothing(sink: Sink) -> None:  # noqa: F811
    sink.take(make.a_pair_proposed(), BEN, make.a_label_withdrawn(pair_id="other", label_id=BEN.event_id))

    assert sink.rows(STANDING) == [("ben",)]


def test_a_withdrawn_label_follows_its_pair_into_its_slice(sink: Sink) -> None:  # noqa: F811
    sink.take(BEN)
    sink.take(GONE)
    sink.take(make.a_pair_proposed())

    assert sink.rows("select slice from labels") == [("arithmetic",)]
    assert sink.rows(CELLS) == []


def test_a_validated_pair_is_open_again_until_people_resolve_it_anew(sink: Sink) -> None:  # noqa: F811
    proposed, routed = make.a_pair_proposed(), make.a_pair_routed()
    sink.take(proposed, routed, BEN, make.a_label_resolved(), make.a_pair_validated())
    before = sink.rows("select status from pairs"), sink.rows(TASKS)

    sink.take(GONE, disputed())

    opened = sink.rows("select status from pairs"), sink.rows(TASKS)
    assert before == ([("validated",)], [("annotate", 1, 1, False)])
    assert opened == ([("disputed",)], [("annotate", 1, 0, True)])
    again = {"event_id": derived_id("test", "again"), "label": Preference.B_BETTER} | later(20)
    sink.take(make.a_label_submitted(annotator="cid", **later(20)), make.a_label_resolved(**again))
    assert sink.rows("select status, label from pairs") == [("resolved", "B>")]
    assert sink.rows("select * from tasks where open") == []


def test_a_verdict_on_what_was_taken_back_does_not_make_it_stand(sink: Sink) -> None:  # noqa: F811
    sink.take(make.a_pair_proposed(), make.a_pair_routed(), BEN, make.a_label_resolved(), GONE, disputed())
    sink.take(make.a_pair_validated())

    assert sink.rows("select status from pairs") == [("disputed",)]


def test_labels_that_are_not_sure_ask_for_one_more_person(sink: Sink) -> None:  # noqa: F811
    sink.take(make.a_pair_proposed(), make.a_pair_routed(overlap=2), ANN, BEN)
    full = sink.rows(TASKS)

    sink.take(disputed(reason="not_sure", needed=3))

    assert (full, sink.rows(TASKS)) == ([("annotate", 2, 2, False)], [("annotate", 3, 2, True)])


def test_a_review_is_open_until_as_many_reviewed_as_it_needs(sink: Sink) -> None:  # noqa: F811
    review = {"round": "review", "task_id": "r"}
    sink.take(make.a_pair_proposed(), make.a_pair_routed(), ANN, make.a_label_submitted(**review))
    unasked = sink.rows("select * from tasks where round = 'review'")

    sink.take(disputed(reason="no_majority", next_round="review", needed=2))

    assert unasked == []
    assert sink.rows("select needed, have, open from tasks where round = 'review'") == [(2, 1, True)]


def test_a_task_says_since_when_people_are_asked(sink: Sink) -> None:  # noqa: F811
    sink.take(make.a_pair_proposed(), make.a_pair_routed(**later(3)))
    sink.take(disputed(reason="no_majority", next_round="review"))

    assert sink.rows("select round, opened_at from tasks order by 1") == [
        ("annotate", make.NOON + timedelta(minutes=3)),
        ("review", make.NOON + timedelta(minutes=9)),
    ]


def test_a_label_keeps_its_quotes_and_its_proposal(sink: Sink) -> None:  # noqa: F811
    label = make.a_label_submitted(
        quotes=(Quote(response="b", text="401", clause="P1"),),
        refinement=Refinement(clause="P1", kind="rule", text="The correct number wins."),
        error_category="arithmetic",
        needs_specialist=True,
    )

    sink.take(make.a_pair_proposed(), label)

    [row] = sink.rows("select needs_specialist, error_category, quotes, refinement ->> 'text' from labels")
    assert row == (
        True,
        "arithmetic",
        '[{"text": "401", "clause": "P1", "response": "b"}]',
        "The correct number wins.",
    )


def test_a_label_that_asks_for_a_specialist_is_unsure_in_the_figures(sink: Sink) -> None:  # noqa: F811
    sink.take(make.a_pair_proposed(), make.a_label_submitted(needs_specialist=True))
    told = sink.rows(CELLS)
    sink.take(BEN)

    assert {category for _, _, category, _ in told} <= {"unsure", ""}
    assert "A>" not in {category for _, _, category, _ in sink.rows(CELLS)}


def audited() -> tuple[Event, ...]:
    route = make.an_accepted_pair_routed(audit=True)
    return make.a_pair_proposed(), make.a_pair_judged(), route


def test_the_audit_sample_takes_the_first_label_that_stands(sink: Sink) -> None:  # noqa: F811
    sink.take(*audited(), BEN, make.a_label_submitted(**later(7)))
    [before] = sink.run(audit_sample(sink.connection))

    sink.take(GONE)
    [after] = sink.run(audit_sample(sink.connection))
    sink.take(make.a_label_withdrawn(**later(8)))

    assert (before.verdict, after.verdict) == (Verdict.B_BETTER, Verdict.A_BETTER)
    assert sink.run(audit_sample(sink.connection)) == []


def test_who_asks_for_a_specialist_is_unsure_in_the_audit_sample(sink: Sink) -> None:  # noqa: F811
    sink.take(*audited(), make.a_label_submitted(needs_specialist=True))

    [one] = sink.run(audit_sample(sink.connection))

    assert one.verdict is Verdict.UNSURE


def test_nobody_learns_or_reads_from_what_was_taken_back(sink: Sink) -> None:  # noqa: F811
    sink.take(*audited(), BEN, make.a_label_resolved(), GONE, disputed())

    async def read() -> tuple[Any, ...]:
        [one] = [pair async for pair in audited_pairs(pool)]
        return one.labels, await lessons(pool), await routed_pair(pool, make.PAIR), await counts(pool)

    pool = sink.run(make_pool(sink.dsn))
    try:
        labels, learned, pair, told = sink.run(read())
    finally:
        sink.run(pool.close())

    assert (labels, learned, pair.status, pair.label, pair.method) == ((), [], "disputed", None, None)
    assert (told["human_labels"], told["resolved"], told["disputed"]) == (0, 0, 1)


async def make_pool(dsn: str) -> Any:
    return await asyncpg.create_pool(dsn, min_size=1, max_size=2)


def test_what_was_done_about_a_person_is_archived_and_changes_no_row(sink: Sink) -> None:  # noqa: F811
    taken = AnnotatorActionTaken(
        event_id=derived_id("test", "action"),
        occurred_at=make.NOON,
        source="console",
        subject="ben",
        correlation_id="ben",
        annotator="ben",
        action="withdraw",
        why="failed the gold test",
        by="lea",
        labels=(BEN.event_id,),
    )

    told = sink.take(taken)

    assert (told.archived, told.dead_letters) == (1, 0)
    assert sink.rows("select type, subject from archive") == [("AnnotatorActionTaken", "ben")]
    assert sink.rows("select * from pairs") == sink.rows("select * from labels") == []
