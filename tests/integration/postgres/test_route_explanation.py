"""What stands behind a route, the queue and its lessons, from rows that the sink wrote."""

from typing import Any

import asyncpg
import pytest
from tests import factories as make

from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.projections import project
from prefstream.adapters.postgres.queue import lessons, open_tasks
from prefstream.agents.routing import Routing
from prefstream.agents.stage import Configuration, Given
from prefstream.cli.route_explain import told
from prefstream.domain.selection import sketch_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.policies import CalibrationWindow, Certificate, Policy, SliceCertificate, SlicePolicy
from prefstream.schemas.routes import Reason, ReasonCode
from prefstream.schemas.selection import AUDIT_FIRST, SliceRecord
from prefstream.schemas.values import Preference, Stakes
from prefstream.streams.explanation import explanation
from prefstream.streams.publication import selection_in_force
from prefstream.streams.selection import learn_selection

pytestmark = pytest.mark.postgres

CONSTITUTION = make.a_constitution()
EVIDENCE = SliceCertificate(labels=200, accepted=150, errors=6, p_value=0.04, level=0.1, coverage=0.75)
POLICY = make.a_policy(
    judge_id=None,
    audit_share=0.0,
    slices={"arithmetic": SlicePolicy(threshold=0.8, certificate=EVIDENCE)},
    certificate=Certificate(
        method="fixed_sequence", window=CalibrationWindow(labels=200, sample_hash="x"), spent=0.1
    ),
)


def routed(judged: PairJudged | JudgementFailed, policy: Policy | None = POLICY) -> list[Event]:
    given = Given(configuration=Configuration(constitution=CONSTITUTION, policy=policy))
    proposed = make.a_pair_proposed(pair_id=judged.pair_id, stakes=judged.stakes)
    return [proposed, judged, *Routing().handle(judged, given).events]


def judged(pair_id: str, **changes: Any) -> PairJudged:
    return make.a_pair_judged(pair_id=pair_id, constitution_id=CONSTITUTION.id, **changes)


PUBLISHED = (
    make.a_constitution_published(constitution=CONSTITUTION),
    make.a_policy_published(policy=POLICY),
)


async def fill(dsn: str, *events: Event) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        first = await connection.fetchval("select count(*) from archive")
        records = [make.a_record(one, offset=first + n) for n, one in enumerate(events)]
        async with connection.transaction():
            await project(connection, records)
    finally:
        await connection.close()


async def explained(dsn: str, pair_id: str) -> dict[str, Any]:
    async with pool_of(dsn, size=1) as pool:
        return await explanation(pool, pair_id)


async def test_an_accepted_pair_names_threshold_and_certificate(migrated_dsn: str) -> None:
    await fill(migrated_dsn, *PUBLISHED, *routed(judged("p1")))

    found = await explained(migrated_dsn, "p1")

    assert (found["route"], found["priority"]) == ("accept", None)
    assert (found["policy"]["policy_id"], found["policy"]["threshold"]) == (POLICY.id, 0.8)
    assert found["policy"]["certificate"]["errors"] == 6
    assert [len(found["judgement"]["votes"]), found["judgement"]["confidence"]] == [2, 0.9]
    assert found["would_change"]["to"] == "escalate"
    text = "\n".join(told(found))
    assert "200 audited labels, 150 of them accepted with 6 errors" in text
    assert "at most 10% of the accepted differ" in text


async def test_an_escalated_pair_names_each_reason_with_the_clause_then_in_force(migrated_dsn: str) -> None:
    unsure = judged("p1", stakes=Stakes.HIGH, confidence=0.5, p_a=0.7, flags=("judges_disagree",))
    newer = make.a_constitution(version="2", principles=(make.a_principle(rule="Another rule."),))
    later = make.a_constitution_published(constitution=newer)
    await fill(migrated_dsn, *PUBLISHED, *routed(unsure), later)

    found = await explained(migrated_dsn, "p1")

    assert found["constitution_id"] == CONSTITUTION.id
    assert [(one["code"], one["clause"], one["rule"]) for one in found["reasons"]] == [
        ("mandatory", "P1", "The correct answer wins."),
        ("judges_disagree", "prefstream:judges_disagree", None),
        ("below_threshold", "prefstream:below_threshold", None),
    ]
    assert (len(found["would_change"]["if"]), found["would_change"]["all_needed"]) == (3, True)
    assert found["priority"]["value"] == 600 * 1000 * 4
    assert "uncertainty 600 x diversity 1000 x stakes 4" in "\n".join(told(found))


async def test_an_audited_pair_shows_its_coin_and_its_place_before_the_others(migrated_dsn: str) -> None:
    audited = POLICY.model_copy(update={"audit_share": 1.0})
    await fill(migrated_dsn, make.a_policy_published(policy=audited), *routed(judged("p1"), audited))

    found = await explained(migrated_dsn, "p1")

    assert found["audit"]["audited"] is True
    assert 0 <= found["audit"]["coin"] < found["audit"]["propensity"] == 1.0
    assert found["priority"]["value"] == AUDIT_FIRST


async def test_a_revoked_policy_a_hand_made_one_and_none_are_told_apart(migrated_dsn: str) -> None:
    by_hand = make.a_policy(name="by-hand", judge_id=None)
    revoked = make.a_policy_revoked(policy_id=POLICY.id, reason="drift\x1b[2J")
    await fill(migrated_dsn, *PUBLISHED, make.a_policy_published(policy=by_hand), revoked)
    await fill(
        migrated_dsn, *routed(judged("p1")), *routed(judged("p2"), by_hand), *routed(judged("p3"), None)
    )

    texts = ["\n".join(told(await explained(migrated_dsn, pair))) for pair in ("p1", "p2", "p3")]

    assert "revoked at 2026-03-01" in texts[0]
    assert "drift [2J" in texts[0]
    assert "chosen by hand" in texts[1]
    assert "policy: none was in force" in texts[2]


async def test_an_acceptance_that_was_taken_back_is_shown_with_the_reason(migrated_dsn: str) -> None:
    events = routed(judged("p1"))
    taken_back = make.a_pair_routed(
        pair_id="p1",
        event_id=derived_id("taken back"),
        reasons=(Reason(code=ReasonCode.SUSPECT, clause="prefstream:suspect", detail="drift since noon"),),
        revises=events[-1].event_id,
    )
    await fill(migrated_dsn, *PUBLISHED, *events, taken_back)

    found = await explained(migrated_dsn, "p1")

    assert (found["route"], found["reopened"]["reason"]) == ("accept", "drift since noon")
    assert any("taken back at 2026-03-01" in line for line in told(found))


async def test_a_policy_that_the_archive_does_not_know_is_said_to_be_unknown(migrated_dsn: str) -> None:
    await fill(migrated_dsn, *routed(judged("p1")))
    found = await explained(migrated_dsn, "p1")
    assert found["policy"]["found"] is False
    assert found["audit"]["coin"] is None
    assert any("not in the archive" in line for line in told(found))


async def test_a_failed_judgement_is_explained(migrated_dsn: str) -> None:
    failed = make.a_judgement_failed(pair_id="p1", constitution_id=CONSTITUTION.id)
    await fill(migrated_dsn, *PUBLISHED, *routed(failed))
    found = await explained(migrated_dsn, "p1")
    assert found["judgement"]["failure"] == "no_recorded_verdict"
    assert {one["code"] for one in found["reasons"]} == {"no_verdict", "below_threshold"}
    assert any("no vote could be had" in line for line in told(found))


async def test_an_unknown_pair_and_one_without_a_route_are_refused_with_words(migrated_dsn: str) -> None:
    await fill(migrated_dsn, make.a_pair_proposed(pair_id="p1"))
    with pytest.raises(BadInput, match="there is no pair 'nobody'"):
        await explained(migrated_dsn, "nobody")
    with pytest.raises(BadInput, match="no route yet, it is proposed"):
        await explained(migrated_dsn, "p1")


async def test_the_queue_gives_the_doubtful_and_costly_first_and_the_audited_before_them(
    migrated_dsn: str,
) -> None:
    audited = make.a_policy(judge_id=None, audit_share=1.0)
    await fill(
        migrated_dsn,
        *routed(judged("sure", confidence=0.7, p_a=0.95)),
        *routed(judged("doubtful", confidence=0.5, p_a=0.55)),
        *routed(judged("costly", confidence=0.5, p_a=0.55, stakes=Stakes.HIGH)),
        *routed(judged("audited", confidence=0.99, p_a=0.99), audited),
    )
    async with pool_of(migrated_dsn, size=1) as pool:
        tasks = await open_tasks(pool)
        of_others = await open_tasks(pool, slice_name="others")

    assert [task.pair_id for task in tasks] == ["audited", "costly", "doubtful", "sure"]
    assert [task.priority for task in tasks[:2]] == [AUDIT_FIRST, 900 * 1000 * 4]
    assert of_others == []


async def test_what_people_decided_is_learned_published_once_and_used(
    migrated_dsn: str, log: PostgresLog
) -> None:
    events: list[Event] = []
    for n in range(6):
        sketch = sketch_of(f"Question {n}", "word " * 40, "few words")
        one = judged(f"p{n}", sketch=sketch, confidence=0.5)
        events += routed(one)
        events.append(make.a_label_resolved(pair_id=f"p{n}", label=Preference.B_BETTER))
    events += routed(judged("accepted"))
    events.append(make.a_label_resolved(pair_id="accepted", method="judge"))
    await fill(migrated_dsn, *events)

    async with pool_of(migrated_dsn, size=1) as pool:
        few, too_few = await learn_selection(pool, log, now=make.NOON, min_labels=7)
        selection, fresh = await learn_selection(pool, log, now=make.NOON, min_labels=6)
        again, fresh_again = await learn_selection(pool, log, now=make.NOON, min_labels=6)
        taught = await lessons(pool)

    assert (too_few, fresh, fresh_again) == (False, True, False)
    assert few == selection == again == await selection_in_force(log)
    assert (selection.labels, len(taught)) == (6, 6)
    assert selection.records == {"arithmetic": SliceRecord(labels=6, mistaken=6)}
