"""Sampling plans and protected sets: said once, found in force, taken back, beside policies on one topic."""

import itertools
from datetime import timedelta

import pytest
from tests.factories import NOON, a_constitution, a_policy, a_sampling_plan
from tests.unit.streams.test_publication import MemoryLog

from prefstream.agents.configuration import configured
from prefstream.agents.stage import Configuration
from prefstream.domain.curation import protection
from prefstream.domain.curation.protection import protected_set
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import BadInput
from prefstream.schemas.topics import POLICIES_PUBLISHED
from prefstream.streams.configuration import ConfigurationView
from prefstream.streams.publication import (
    protection_in_force,
    publish_policy,
    publish_protected_set,
    publish_sampling_plan,
    remove_protected_set,
    revoke_policy,
    revoke_sampling_plan,
    sampling_plan_in_force,
)

PLAN, OTHER = a_sampling_plan(), a_sampling_plan(name="plan-2")
EXAM = protected_set("exam", ["What is 17 times 23?", "Who wrote Middlemarch?"])


async def in_force(log: MemoryLog) -> Configuration:
    view = ConfigurationView(log, default=a_constitution())
    await view.open()
    try:
        return view()
    finally:
        await view.close()


def compacted(log: MemoryLog) -> Configuration:
    """Return what is in force for who reads only the newest record of each key, in order."""
    newest = {record.key: record for record in log.records[POLICIES_PUBLISHED.name]}
    found = Configuration(constitution=a_constitution())
    for record in sorted(newest.values(), key=lambda record: record.offset):
        found = configured(found, decode(record.value))
    return found


async def test_policies_plans_and_sets_do_not_hide_each_other() -> None:
    log = MemoryLog()
    policy = a_policy()
    assert await publish_policy(log, policy, now=NOON)
    assert await publish_sampling_plan(log, PLAN, now=NOON)
    assert await publish_protected_set(log, EXAM, now=NOON)

    assert not await publish_policy(log, policy, now=NOON)
    assert not await publish_sampling_plan(log, PLAN, now=NOON)
    assert not await publish_protected_set(log, EXAM, now=NOON)
    found = await in_force(log)
    assert (found.policy, found.sampling, found.sampling_id) == (policy, PLAN, PLAN.id)
    assert [one.set_id for one in found.protection.sets] == [EXAM.set_id]
    assert await revoke_policy(log, reason="drift", now=NOON) == policy.id
    assert (await in_force(log)).sampling == PLAN


async def test_the_newest_plan_holds_until_it_is_revoked() -> None:
    log = MemoryLog()
    for hours, plan in enumerate((PLAN, OTHER, PLAN)):
        assert await publish_sampling_plan(log, plan, now=NOON + timedelta(hours=hours))
    assert await sampling_plan_in_force(log) == PLAN

    assert await revoke_sampling_plan(log, reason="done", now=NOON + timedelta(hours=9)) == PLAN.id
    assert (await in_force(log)).sampling is None
    assert await sampling_plan_in_force(log) is None
    with pytest.raises(BadInput, match="no sampling plan is in force"):
        await revoke_sampling_plan(log, reason="done", now=NOON)


async def test_a_set_that_is_removed_protects_no_more() -> None:
    log = MemoryLog()
    await publish_protected_set(log, EXAM, now=NOON)
    assert (await in_force(log)).protection.match(["who wrote MIDDLEMARCH"]) is not None

    assert await remove_protected_set(log, "exam", now=NOON + timedelta(hours=1)) == EXAM.set_id
    assert (await in_force(log)).protection.sets == ()
    with pytest.raises(BadInput, match=r"no set 'exam' is protected; none is"):
        await remove_protected_set(log, "exam", now=NOON)
    await publish_protected_set(log, EXAM, now=NOON + timedelta(hours=2))
    assert (await in_force(log)).protection.match(["who wrote MIDDLEMARCH"]) is not None


@pytest.mark.parametrize("order", list(itertools.permutations(("large", "small", "removed"))))
async def test_compaction_changes_nothing_in_what_is_protected(
    order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protection, "MAX_HASHES", 3)
    sets = {
        "large": protected_set("exam", [f"question {n}" for n in range(12)]),
        "small": protected_set("exam", ["only one"]),
    }
    assert (sets["large"].parts, sets["small"].parts) == (4, 1)
    log = MemoryLog()
    for hours, step in enumerate(order):
        now = NOON + timedelta(hours=hours)
        if step in sets:
            await publish_protected_set(log, sets[step], now=now)
        elif (await protection_in_force(log)).sets:
            await remove_protected_set(log, "exam", now=now)

    whole = (await in_force(log)).protection.sets
    assert compacted(log).protection.sets == whole
    expected = [step for step in order if step in sets][-1] if order[-1] != "removed" else None
    assert [one.set_id for one in whole] == ([sets[expected].set_id] if expected else [])
