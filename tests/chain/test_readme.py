"""Every snippet of the README runs, as printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chain.running import running

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line
]


def test_the_readme_names_only_commands_that_are_tested_here() -> None:
    assert COMMANDS == [
        "make demo",
        "make test",
        ".venv/bin/prefstream up",
        ".venv/bin/prefstream ingest pairs examples/pairs.jsonl --wait",
        ".venv/bin/prefstream ingest labels examples/labels.csv --wait",
        ".venv/bin/prefstream status",
    ]


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_knows_the_targets_of_the_readme(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.postgres
def test_the_readmes_commands_label_the_readmes_pairs(tmp_path: Path) -> None:
    with running(tmp_path, log="postgres") as deployment:
        for line in COMMANDS[3:]:
            arguments = line.removeprefix(".venv/bin/prefstream ").split()
            deployment.command(
                *(str(ROOT / word) if word.startswith("examples/") else word for word in arguments)
            )

        rows = deployment.fetch("select pair_id, label, method, status from pairs order by pair_id")
        assert [(row["pair_id"], row["label"], row["status"]) for row in rows] == [
            ("example-1", "A>>", "validated"),
            ("example-2", "B>>", "validated"),
            ("example-3", "A>", "validated"),
        ]


@pytest.mark.postgres
@pytest.mark.timeout(180)
def test_the_demo_ends_by_itself_with_a_summary(tmp_path: Path) -> None:
    import json

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "prefstream.cli",
            "demo",
            "--exit",
            "--json",
            "--log",
            "postgres",
            "--rate",
            "200",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["judge"] == "offline"
    assert summary["annotators"] == "simulated"
    assert summary["pairs"] == summary["judged"] == summary["resolved"] == 357
    assert summary["accepted"] + summary["escalated"] == 357
    assert summary["human_labels"] > summary["escalated"]
    # Four nearly repeat an earlier pair.
    assert (summary["validated"], summary["rejected"]) == (353, 4)
    assert (summary["dead_letters"], summary["prompts"]) == (0, 61)
    assert len(summary["slices"]) == 5
    assert "simulated annotators" in done.stderr
