"""Sixty-four people work while consoles, the relay in them and PostgreSQL are killed."""

from pathlib import Path

import pytest

from tests.console.crowd import Plan, crowd

pytestmark = [pytest.mark.chaos, pytest.mark.postgres, pytest.mark.timeout(600)]


async def test_no_task_is_given_twice_and_no_label_is_lost_or_doubled_over_kills(tmp_path: Path) -> None:
    plan = Plan(
        people=64, tasks=1500, needed=2, seconds=20, consoles=2, kills=4, undone=0.1, left=0.02, lease_s=4
    )

    figures = await crowd(plan, tmp_path)

    print(figures.document)
    repeats = figures.checks.pop("repeats in the log")
    assert figures.checks == dict.fromkeys(figures.checks, 0), (figures.checks, repeats)
    assert figures.acknowledged > plan.people, "people did work"
    assert figures.taken_back
    assert figures.lost_requests, "the kills were felt"
