"""What an edit of the constitution touches, counted on a real PostgreSQL that the sink has filled."""

from typing import Any

import asyncpg
import pytest
from tests import factories as make

from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.projections import project
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.envelope import Event
from prefstream.schemas.routes import Reason, ReasonCode
from prefstream.schemas.values import ClauseVerdict
from prefstream.streams.constitution_touches import touched

pytestmark = pytest.mark.postgres

P2 = make.a_principle(id="P2", rule="A brief answer should win among equals.")
OLD = make.a_constitution(principles=(make.a_principle(), P2))
PROMPT_STAYS = make.a_constitution(principles=(make.a_principle(), P2), escalation=())


def judged(pair: str, *verdicts: tuple[str, str], constitution: str = OLD.id, **changes: Any) -> Event:
    clauses = tuple(ClauseVerdict(clause=clause, verdict=said) for clause, said in verdicts)  # type: ignore[arg-type]
    vote = make.a_vote(clause_verdicts=clauses, rationale="\x00 and \\u0000")
    changes = {"votes": (vote,), "constitution_id": constitution} | changes
    return make.a_pair_judged(pair_id=pair, **changes)


def routed(pair: str, clause: str) -> Event:
    return make.a_pair_routed(
        pair_id=pair, route="escalate", reasons=(Reason(code=ReasonCode.MANDATORY, clause=clause),)
    )


def labelled(pair: str, *clauses: str, seconds: float = 30.0) -> Event:
    return make.a_label_submitted(pair_id=pair, clauses=clauses, seconds=seconds)


EVENTS = (
    *(make.a_pair_proposed(pair_id=f"p{n}") for n in range(6)),
    judged("p0", ("P1", "A"), ("P2", "B")),
    judged("p1", ("P1", "A"), ("P2", "not_applicable")),
    judged("p2", ("P1", "A")),
    judged("p3", ("P1", "A")),
    judged("p4", ("P2", "A"), constitution="house@0#other"),
    judged("p5"),
    routed("p2", "P2"),
    routed("p5", "P1"),
    labelled("p3", "P2"),
    labelled("p5", "P1"),
    make.a_label_resolved(pair_id="p3"),
)


async def filled(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await project(connection, [make.a_record(one, offset=n) for n, one in enumerate(EVENTS)])
    finally:
        await connection.close()


async def report_on(dsn: str, new: Constitution) -> dict[str, Any]:
    async with pool_of(dsn, size=1) as pool:
        return await touched(pool, OLD, new)


async def test_what_rests_on_a_changed_clause_is_counted_once_by_each_way(migrated_dsn: str) -> None:
    await filled(migrated_dsn)
    firmer = P2.model_copy(update={"rule": "A brief answer must win among equals."})

    report = await report_on(migrated_dsn, make.a_constitution(principles=(make.a_principle(), firmer)))

    assert [(one["kind"], one["id"]) for one in report["changes"]] == [("sharpened", "P2")]
    assert report["judged_pairs"] == 5
    assert report["cited_by"] == {"votes": 1, "routes": 1, "labels": 1}
    assert (report["pairs"], report["resolved_labels"], report["slices"]) == (3, 1, {"arithmetic": 3})
    assert report["open_tasks"] == 1
    assert report["judge_prompt_changes"] is True
    assert report["judge_again"]["pairs"] == 5
    assert report["label_again"] == {"labels": 1, "minutes": pytest.approx(0.5), "minutes_reason": None}


async def test_an_edit_that_judges_do_not_read_has_only_what_cites_it_judged_again(migrated_dsn: str) -> None:
    await filled(migrated_dsn)

    report = await report_on(migrated_dsn, PROMPT_STAYS)

    assert (report["changed_clauses"], report["judge_prompt_changes"]) == (["P1"], False)
    assert report["judge_again"]["pairs"] == report["pairs"] == 5


async def test_the_mean_cost_is_that_of_the_votes_or_of_the_journal(migrated_dsn: str) -> None:
    await filled(migrated_dsn)
    by_votes = await report_on(migrated_dsn, PROMPT_STAYS)
    connection = await asyncpg.connect(migrated_dsn)
    for request, subject, cost in (
        ("r1", "p0", 10**9),
        ("r2", "p0", 10**9),
        ("r3", "p1", 10**9),
        ("r4", "p2", None),
    ):
        await connection.execute(
            "insert into journal (request_id, provider, content, at_ms, purpose, subject, cost_nanousd)"
            " values ($1, 'anthropic', '{}', 0, 'judging', $2, $3)",
            request,
            subject,
            cost,
        )
    await connection.close()
    by_journal = await report_on(migrated_dsn, PROMPT_STAYS)

    assert by_votes["judge_again"]["cost_usd"] == pytest.approx(5 * 0.0033)
    assert by_journal["judge_again"]["cost_usd"] == pytest.approx(5 * 1.5)


async def test_an_empty_deployment_is_told_with_reasons(migrated_dsn: str) -> None:
    report = await report_on(migrated_dsn, PROMPT_STAYS)

    assert (report["judged_pairs"], report["pairs"]) == (0, 0)
    assert report["judge_again"]["cost_usd"] is None
    assert "ever priced" in report["judge_again"]["cost_reason"]
    assert report["label_again"]["minutes"] is None


async def test_an_edit_of_nothing_touches_nothing(migrated_dsn: str) -> None:
    await filled(migrated_dsn)
    report = await report_on(migrated_dsn, OLD)
    assert (report["changes"], report["pairs"], report["judge_again"]["pairs"]) == ([], 0, 0)
