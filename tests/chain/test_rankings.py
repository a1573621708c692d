"""Rankings in a whole deployment: candidates come in by command, preferences go out by command."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from prefstream.agents.tasks import record_of
from prefstream.schemas.envelope import Event
from prefstream.streams.places import open_log
from tests import factories as make
from tests.chain.running import Running, running

TASKS = 6


def say(deployment: Running, events: Sequence[Event]) -> None:
    """Append events as the console's outbox does."""

    async def append() -> None:
        async with open_log(deployment.places, partitions=deployment.settings.partitions) as log:
            writer = await log.writer()
            await writer.append([record_of(event) for event in events])
            await writer.close()

    asyncio.run(append())


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_ranked_candidates_become_preferences_that_no_judge_read(tmp_path: Path, log_kind: str) -> None:
    rows = [
        {
            "task_id": f"t{n}",
            "kind": "ranking",
            "prompt": f"Question {n}?",
            "candidates": [f"{n} right", f"{n} near", f"{n} wrong"],
            "overlap": 2,
            "slice": "arithmetic",
        }
        for n in range(TASKS)
    ]
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with running(tmp_path / "data", log=log_kind) as deployment:
        said = json.loads(deployment.command("ingest", "tasks", str(path), "--json").stdout)
        assert (said["ingested"], said["refused"]) == (TASKS, 0)
        deployment.drain()
        opened = "select have, open from tasks where round = 'ranking'"
        assert deployment.fetch(opened) == [{"have": 0, "open": True}] * TASKS

        rankings = [
            make.a_ranking_submitted(task_id=f"t{n}", annotator=name) for n in range(TASKS) for name in "ab"
        ]
        say(deployment, rankings)
        deployment.drain()
        assert deployment.fetch(opened) == [{"have": 2, "open": False}] * TASKS
        assert deployment.fetch("select distinct round from tasks") == [{"round": "ranking"}]
        found = deployment.fetch("select status, judgement_id, count(*) from pairs group by 1, 2")
        assert found == [{"status": "validated", "judgement_id": None, "count": TASKS * 3}]

        out = tmp_path / "preferences.jsonl"
        deployment.command("demonstrations", "export", "preferences", str(out))
        preferences = [json.loads(line) for line in out.read_text().splitlines()]
        ends = sorted(
            (row["chosen"][0]["content"][2:], row["rejected"][0]["content"][2:], row["margin"])
            for row in preferences
        )
        assert ends == sorted(
            [("right", "near", 1.0), ("right", "wrong", 2.0), ("near", "wrong", 1.0)] * TASKS
        )
        report = json.loads(deployment.command("demonstrations", "agreement", "--json").stdout)
        ranking = next(one for one in report["kinds"] if one["kind"] == "ranking")
        assert ranking["figures"]["kendall_tau_b"]["value"] == 1.0
